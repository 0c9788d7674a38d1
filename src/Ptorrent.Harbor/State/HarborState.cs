using System.Collections.Immutable;
using System.Diagnostics;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Network;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using ProgramFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Harbor.State;

/// <summary>
/// All that a harbor decides: which agent gets which part of which job, what counts, when a job has ended. Pure: (now, event)
/// → effects. Work is handed out as soon as it is there, but nothing is told to anybody before it is durable: every change
/// goes to storage as a record, and only its receipt (<see cref="HarborEvent.Stored"/>) makes it visible.
/// Not for several threads.
/// </summary>
internal sealed class HarborState
{
    /// <summary>Ended jobs whose ids are remembered, so that one that is submitted again at the moment of its end is
    /// recognised.</summary>
    private const int ForgottenCountMax = 10_000;

    private readonly HarborId _id;
    private readonly string _name;
    private readonly LeasingState _leasing;
    private readonly List<LeasingEffect> _leasingEffects = [];
    private readonly SortedDictionary<ChildId, AgentRecord> _agents = [];
    private readonly Dictionary<JobId, JobRecord> _jobs = [];
    private readonly Dictionary<WorkId, JobRecord> _works = [];
    private readonly Dictionary<JobId, Digest> _forgotten = [];
    private readonly Queue<JobId> _forgottenOrder = new();
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);
    private readonly Queue<(StorageRecord Record, JobRecord? Job)> _unstored = new();
    private readonly List<JobRecord> _dirty = [];
    private List<HarborEffect> _effects = [];
    private long _lastJobNumber;
    private long _lastWork;
    private long _storedCount;
    private string? _stalledBecause;

    /// <summary>Starts without jobs and without agents.</summary>
    /// <param name="id">The harbor.</param>
    /// <param name="name">Its name for people.</param>
    /// <param name="epoch">The fencing token of this life.</param>
    /// <param name="lastJobNumber">The highest number that a job has had.</param>
    public HarborState(HarborId id, string name, LeaseEpoch epoch, long lastJobNumber)
    {
        _id = id;
        _name = name;
        _leasing = new LeasingState(LeasingLimits.Wire, epoch);
        _lastJobNumber = lastJobNumber;
    }

    /// <summary>Takes in a job of an earlier life; before any event.</summary>
    public void Restore(DateTimeOffset now, AdmittedJob admitted, StoredJob stored, List<HarborEffect> effects)
    {
        _effects = effects;
        JobRecord job = new(admitted, stored.Number, stored.SubmittedAt) { IsStored = true, ColumnCount = stored.ColumnCount };
        for (int i = 0; i < stored.Deliveries.Length; i++)
        {
            job.Deliveries[i] = job.Deliveries[i] with
            {
                State = stored.Deliveries[i].State,
                Detail = stored.Deliveries[i].Detail,
            };
        }

        Open(job);
        if (stored.Assembled is { } assembled)
        {
            job.IsEnding = true;
            job.IsWhole = true;
            OnEndStored(job, assembled);
            EndDeliveriesIfServed(job);
        }
        else
        {
            Continue(now, job, stored.Segments);
        }

        Finish();
    }

    /// <summary>Decides what follows from an event; appends the effects in order.</summary>
    public void Handle(DateTimeOffset now, HarborEvent evt, List<HarborEffect> effects)
    {
        _effects = effects;
        switch (evt)
        {
            case HarborEvent.Committed committed:
                OnCommitted(now, committed);
                break;
            case HarborEvent.Stored stored:
                OnStored(now, stored.UpTo);
                break;
            case HarborEvent.JobSubmitted submitted:
                OnSubmitted(now, submitted);
                break;
            case HarborEvent.JobCancelled cancelled:
                OnCancelled(now, cancelled);
                break;
            case HarborEvent.AgentJoined joined:
                OnJoined(now, joined);
                break;
            case HarborEvent.AgentGone gone:
                RemoveAgent(gone.Child);
                break;
            case HarborEvent.WindowSet window:
                OnWindow(window);
                break;
            case HarborEvent.CommitFaulty faulty:
                OnFaulty(faulty);
                break;
            case HarborEvent.Nacked nacked:
                OnNacked(now, nacked);
                break;
            case HarborEvent.StorageStalled stalled:
                OnStalled(stalled.Reason);
                break;
            case HarborEvent.Delivered delivered:
                OnDelivered(delivered);
                break;
            default:
                throw new UnreachableException();
        }

        Finish();
    }

    /// <summary>A job's status; null for one that is not here: unknown, or ended and left to the database.</summary>
    public JobStatus? StatusOf(JobId id) =>
        _jobs.TryGetValue(id, out JobRecord? job) && job.IsStored ? StatusOf(job) : null;

    /// <summary>The jobs that are here, with their numbers.</summary>
    public ImmutableArray<(long Number, JobStatus Status)> Statuses() =>
        [.. _jobs.Values.Where(j => j.IsStored).Select(j => (j.Number, StatusOf(j)))];

    /// <summary>What the harbor has at hand.</summary>
    public NetworkStatus Network() => new()
    {
        Harbor = _id,
        Name = _name,
        OpenJobCount = _jobs.Values.Count(j => j.IsStored && j.End is null),
        Agents =
        [
            .. _agents.Values
                .OrderBy(a => a.Name, StringComparer.Ordinal)
                .ThenBy(a => a.Id.Value)
                .Select(a => new AgentStatus
                {
                    Id = a.Id,
                    Name = a.Name,
                    SlotCount = a.SlotCount,
                    BusySlotCount = _leasing.BusySlotCount(a.Child),
                    FuelPerSecond = _leasing.RateOf(a.Child),
                    ConnectedAt = a.ConnectedAt,
                }),
        ],
    };

    private void OnSubmitted(DateTimeOffset now, HarborEvent.JobSubmitted submitted)
    {
        AdmittedJob admitted = submitted.Job;
        JobId id = admitted.Request.Id;
        if (_jobs.TryGetValue(id, out JobRecord? existing))
        {
            if (existing.Admitted.ContentDigest != admitted.ContentDigest)
            {
                Answer(submitted.Request, HarborRefusals.OtherJobHasId(id));
            }
            else if (existing.IsStored)
            {
                Answer(submitted.Request, null);
            }
            else
            {
                existing.SubmitWaiters.Add(submitted.Request);
            }

            return;
        }

        if (_forgotten.TryGetValue(id, out Digest content))
        {
            Answer(submitted.Request, content == admitted.ContentDigest ? null : HarborRefusals.OtherJobHasId(id));
            return;
        }

        if (_stalledBecause is not null)
        {
            Answer(submitted.Request, HarborRefusals.NoSpace(_stalledBecause));
            return;
        }

        string? taken = admitted.Request.Acceptors.Select(a => a.Folder).FirstOrDefault(f => f is not null && _folders.Contains(f));
        if (taken is not null)
        {
            Answer(submitted.Request, HarborRefusals.FolderTaken(taken));
            return;
        }

        JobRecord job = new(admitted, ++_lastJobNumber, now);
        job.SubmitWaiters.Add(submitted.Request);
        Open(job);
        Persist(
            new StorageRecord.JobAdded(id, job.Number, admitted.Json, now, admitted.Request.Acceptors.Length),
            job);
        AddMap(job, [admitted.Request.Range]);
    }

    private void OnCancelled(DateTimeOffset now, HarborEvent.JobCancelled cancelled)
    {
        if (!_jobs.TryGetValue(cancelled.Job, out JobRecord? job))
        {
            bool hasEnded = _forgotten.ContainsKey(cancelled.Job);
            Answer(
                cancelled.Request,
                hasEnded ? HarborRefusals.HasEnded(cancelled.Job) : HarborRefusals.NoSuchJob(cancelled.Job));
        }
        else if (job.IsEnding)
        {
            Answer(cancelled.Request, HarborRefusals.HasEnded(cancelled.Job));
        }
        else
        {
            job.CancelWaiters.Add(cancelled.Request);
            StopWork(job);
            PersistEnd(now, job, JobState.Cancelled, failure: null);
        }
    }

    private void OnJoined(DateTimeOffset now, HarborEvent.AgentJoined joined)
    {
        AgentRecord? older = _agents.Values.FirstOrDefault(a => a.Id == joined.Agent);
        if (older is not null)
        {
            _effects.Add(new HarborEffect.CloseLink(older.Child, "The same agent has made another link."));
            RemoveAgent(older.Child);
        }

        _agents.Add(joined.Child, new AgentRecord(joined.Child, joined.Agent, joined.Name, joined.SlotCount, now));
        _leasing.AddChild(joined.Child, joined.SlotCount, joined.SlotRate);
        Persist(new StorageRecord.AgentSeen(joined.Agent, joined.Name), null);
        MarkAllDirty();
    }

    private void RemoveAgent(ChildId child)
    {
        if (_agents.Remove(child))
        {
            _leasing.RemoveChild(child, _leasingEffects);
            MarkAllDirty();
        }
    }

    private void OnWindow(HarborEvent.WindowSet window)
    {
        if (!_agents.TryGetValue(window.Child, out AgentRecord? agent))
        {
            return;
        }

        bool opensOrCloses = (agent.Window > Fuel.Zero) != (window.Window > Fuel.Zero);
        agent.Window = window.Window;
        if (_stalledBecause is null)
        {
            _leasing.SetWindow(window.Child, window.Window, _leasingEffects);
        }

        if (opensOrCloses)
        {
            MarkAllDirty();
        }
    }

    private void OnCommitted(DateTimeOffset now, HarborEvent.Committed committed)
    {
        if (!_agents.TryGetValue(committed.Child, out AgentRecord? agent)
            || !_leasing.TryGetWork(committed.Child, committed.Lease, out WorkId work))
        {
            // It crossed a cancellation, or the lease is of an earlier life: nothing of it counts.
            return;
        }

        JobRecord job = _works[work];
        MergeRound? merge = job.Merge;
        long upto = committed.Upto;
        if (merge is not null)
        {
            // A group is one index of the round's work, whatever indices of the job it covers.
            upto = job.MergeLeases[committed.Lease] + 1;
        }

        CommitResult result = _leasing.Commit(
            committed.Child, committed.Lease, committed.Epoch, upto, committed.Burnt, committed.Busy, _leasingEffects);
        if (result.Status != CommitStatus.Accepted)
        {
            return;
        }

        if (committed.ColumnCount != 0 && job.ColumnCount != 0 && committed.ColumnCount != job.ColumnCount)
        {
            string message = $"There are {committed.ColumnCount} numbers where other outputs have {job.ColumnCount}; "
                + "each output must have the same count.";
            Fail(now, job, new ProgramFailure(result.Range.Begin, TrapCode.BadOutput, message, committed.Burnt));
            return;
        }

        job.ColumnCount = Math.Max(job.ColumnCount, committed.ColumnCount);
        IndexRange range = merge?.RangeOf((int)result.Range.Begin) ?? result.Range;
        StorageRecord.SegmentAdded segment =
            new(job.Id, merge?.Number ?? 0, range, agent.Id, committed.Burnt, committed.Content);
        job.MergeLeases.Remove(committed.Lease);
        job.Accept(segment, agent.Name);
        Persist(segment, job);
        if (_leasing.Progress(work) is null && (merge?.IsLast ?? !job.NeedsMerge))
        {
            PersistEnd(now, job, EndOfWhole(job), failure: null);
        }
    }

    private void OnFaulty(HarborEvent.CommitFaulty faulty)
    {
        if (_agents.TryGetValue(faulty.Child, out AgentRecord? agent)
            && _leasing.TryGetWork(faulty.Child, faulty.Lease, out WorkId work))
        {
            JobRecord job = _works[work];
            _effects.Add(new HarborEffect.AgentAtFault(agent.Id, job.Id, faulty.Reason));
            _effects.Add(new HarborEffect.Cancel(faulty.Child, faulty.Lease));
            job.LastNack = $"{agent.Name} sent what is no result: {faulty.Reason}";
            GiveBack(job, faulty.Child, faulty.Lease, faulty.Epoch);
        }
    }

    private void OnNacked(DateTimeOffset now, HarborEvent.Nacked nacked)
    {
        if (!_agents.TryGetValue(nacked.Child, out AgentRecord? agent)
            || !_leasing.TryGetWork(nacked.Child, nacked.Lease, out WorkId work))
        {
            return;
        }

        JobRecord job = _works[work];
        if (nacked.Reason == NackReason.NackProgramFailed && nacked.Failure is { } failure)
        {
            Fail(now, job, failure);
            return;
        }

        string why = nacked.Reason switch
        {
            NackReason.NackBlobUnavailable => "it could not fetch what the job needs",
            NackReason.NackNoRoom => "it cannot give what the job needs",
            NackReason.NackStopping => "it stops",
            _ => "it cannot",
        };
        job.LastNack = nacked.Detail.Length == 0 ? $"{agent.Name}: {why}" : $"{agent.Name}: {why}: {nacked.Detail}";
        GiveBack(job, nacked.Child, nacked.Lease, nacked.Epoch);
    }

    private void GiveBack(JobRecord job, ChildId child, LeaseId lease, LeaseEpoch epoch)
    {
        job.MergeLeases.Remove(lease);
        _leasing.Nack(child, lease, epoch, _leasingEffects);
        MarkDirty(job);
    }

    private void OnStalled(string reason)
    {
        if (_stalledBecause is not null)
        {
            return;
        }

        _stalledBecause = reason;
        foreach (AgentRecord agent in _agents.Values)
        {
            // Nothing new is begun; what comes back of what was begun waits in memory.
            _leasing.SetWindow(agent.Child, Fuel.Zero, _leasingEffects);
        }

        foreach (JobRecord job in _jobs.Values.Where(j => !j.IsStored).OrderBy(j => j.Number).ToArray())
        {
            AnswerAll(job.SubmitWaiters, HarborRefusals.NoSpace(reason));
            StopWork(job);
            job.IsEnding = true;
            job.IsRemoved = true;
            Persist(new StorageRecord.JobRemoved(job.Id), null);
            Close(job);
        }

        foreach (JobRecord job in _jobs.Values)
        {
            AnswerAll(job.CancelWaiters, HarborRefusals.NoSpace(reason));
        }

        MarkAllDirty();
    }

    private void OnStored(DateTimeOffset now, long upTo)
    {
        if (_stalledBecause is not null)
        {
            _stalledBecause = null;
            foreach (AgentRecord agent in _agents.Values)
            {
                _leasing.SetWindow(agent.Child, agent.Window, _leasingEffects);
            }

            MarkAllDirty();
        }

        while (_storedCount < upTo)
        {
            _storedCount++;
            (StorageRecord record, JobRecord? job) = _unstored.Dequeue();
            if (job is { IsRemoved: false })
            {
                OnStored(now, job, record);
                MarkDirty(job);
            }
        }
    }

    private void OnStored(DateTimeOffset now, JobRecord job, StorageRecord record)
    {
        switch (record)
        {
            case StorageRecord.SegmentAdded segment:
                job.Store(segment);
                GoOn(now, job);
                break;
            case StorageRecord.JobAdded:
                job.IsStored = true;
                AnswerAll(job.SubmitWaiters, refusal: null, isNew: true);
                break;
            case StorageRecord.JobEnded ended:
                OnEndStored(job, ended.Status);
                break;
            case StorageRecord.DeliveryEnded:
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void OnEndStored(JobRecord job, JobStatus status)
    {
        bool isNew = job.End is null;
        job.End = status;
        job.IsWhole = status.State is JobState.Assembled or JobState.Accepted;
        _effects.Add(new HarborEffect.JobEnded(job.Id, status.State));
        AnswerAll(job.CancelWaiters, refusal: null);
        MarkDirty(job);
        if (status.State != JobState.Assembled)
        {
            return;
        }

        for (int number = 0; isNew && number < job.Deliveries.Length; number++)
        {
            if (job.Deliveries[number].State == DeliveryState.Pending)
            {
                _effects.Add(new HarborEffect.Deliver(job.Id, number, job.Request.Acceptors[number]));
            }
        }
    }

    private void OnDelivered(HarborEvent.Delivered delivered)
    {
        JobRecord job = _jobs[delivered.Job];
        job.Deliveries[delivered.Number] = job.Deliveries[delivered.Number] with
        {
            State = delivered.State,
            Detail = delivered.Detail,
        };
        Persist(
            new StorageRecord.DeliveryEnded(job.Id, delivered.Number, delivered.State, delivered.Detail),
            job);
        EndDeliveriesIfServed(job);
        MarkDirty(job);
    }

    private void EndDeliveriesIfServed(JobRecord job)
    {
        if (job.Deliveries.All(d => d.State != DeliveryState.Pending))
        {
            Persist(
                new StorageRecord.JobEnded(
                    job.End! with { State = JobState.Accepted, Deliveries = [.. job.Deliveries] }),
                job);
        }
    }

    /// <summary>Takes the next step of a job after more of it became durable.</summary>
    private void GoOn(DateTimeOffset now, JobRecord job)
    {
        if (!job.IsMapped || (job.IsEnding && job.End is not null))
        {
            return;
        }

        if (!job.NeedsMerge)
        {
            job.IsWhole = true;
            return;
        }

        if (job.IsEnding)
        {
            job.IsWhole = job.Merge is { IsLast: true, IsDone: true };
            return;
        }

        if (job.Merge is null)
        {
            StartMerge(now, job, new MergeRound(1, job.Parts), []);
        }
        else if (job.Merge.IsDone)
        {
            StartMerge(now, job, new MergeRound(job.Merge.Number + 1, job.Merge.Done), []);
        }
    }

    private void StartMerge(DateTimeOffset now, JobRecord job, MergeRound round, ImmutableArray<StoredSegment> done)
    {
        job.Merge = round;
        job.MergeLeases.Clear();
        foreach (StoredSegment segment in done.Where(s => s.Round == round.Number))
        {
            job.Restore(segment);
        }

        if (!round.IsDone)
        {
            WorkId work = new(++_lastWork);
            job.FirstMergeWork ??= work;
            job.Work = work;
            _works.Add(work, job);
            WorkDescription description =
                new(work, (ulong)job.FirstMergeWork.Value.Value, round.GroupsLeft()) { LeaseIndexCountMax = 1 };
            _leasing.AddWork(description, _leasingEffects);
        }
        else if (round.IsLast)
        {
            PersistEnd(now, job, EndOfWhole(job), failure: null);
        }
        else
        {
            StartMerge(now, job, new MergeRound(round.Number + 1, round.Done), done);
        }
    }

    /// <summary>Goes on with a job of an earlier life where it stood.</summary>
    private void Continue(DateTimeOffset now, JobRecord job, ImmutableArray<StoredSegment> segments)
    {
        List<IndexRange> left = [];
        long next = job.Request.Range.Begin;
        foreach (StoredSegment segment in segments.Where(s => s.Round == 0).OrderBy(s => s.Range.Begin))
        {
            if (segment.Range.Begin > next)
            {
                left.Add(new IndexRange(next, segment.Range.Begin));
            }

            next = segment.Range.End;
            job.Restore(segment);
        }

        if (next < job.Request.Range.End)
        {
            left.Add(new IndexRange(next, job.Request.Range.End));
        }

        job.HasRun = !segments.IsEmpty;
        if (left.Count > 0)
        {
            AddMap(job, [.. left]);
        }
        else if (job.NeedsMerge)
        {
            StartMerge(now, job, new MergeRound(1, job.Parts), segments);
        }
        else
        {
            job.IsWhole = true;
            PersistEnd(now, job, EndOfWhole(job), failure: null);
        }
    }

    private void AddMap(JobRecord job, ImmutableArray<IndexRange> ranges)
    {
        job.Work = new WorkId(++_lastWork);
        job.FirstWork = job.Work;
        _works.Add(job.Work, job);
        WorkDescription description = new(job.Work, (ulong)job.Work.Value, ranges)
        {
            LeaseIndexCountMax = GrantFrames.LeaseIndexCountMax(job.Request),
        };
        _leasing.AddWork(description, _leasingEffects);
    }

    private void Fail(DateTimeOffset now, JobRecord job, ProgramFailure failure)
    {
        StopWork(job);
        string message = failure.Message.Length > ProgramFailure.MessageCharactersMax
            ? failure.Message[..ProgramFailure.MessageCharactersMax]
            : failure.Message;
        PersistEnd(now, job, JobState.Failed, failure with { Message = message });
    }

    /// <summary>Takes a job's leases back from everybody.</summary>
    private void StopWork(JobRecord job)
    {
        _leasing.RemoveWork(job.Work, _leasingEffects);
        job.MergeLeases.Clear();
    }

    private void PersistEnd(DateTimeOffset now, JobRecord job, JobState state, ProgramFailure? failure)
    {
        Invariant.Holds(!job.IsEnding);
        job.IsEnding = true;
        JobLedger ledger = job.LedgerWithUnstored();
        JobStatus status = JobReports.Describe(job, ledger) with { State = state, EndedAt = now, Failure = failure };
        Persist(new StorageRecord.JobEnded(status), job);
    }

    private static JobState EndOfWhole(JobRecord job) =>
        job.Deliveries.Length == 0 ? JobState.Accepted : JobState.Assembled;

    private void Open(JobRecord job)
    {
        _jobs.Add(job.Id, job);
        foreach (string folder in FoldersOf(job))
        {
            _folders.Add(folder);
        }

        _effects.Add(new HarborEffect.JobOpened(job.Id));
        MarkDirty(job);
    }

    private void Close(JobRecord job)
    {
        _jobs.Remove(job.Id);
        foreach (string folder in FoldersOf(job))
        {
            _folders.Remove(folder);
        }

        _works.Remove(job.Work);
        _leasing.ForgetClass((ulong)job.FirstWork.Value);
        if (job.FirstMergeWork is { } merge)
        {
            _leasing.ForgetClass((ulong)merge.Value);
        }

        _effects.Add(new HarborEffect.JobForgotten(job.Id));
    }

    private static IEnumerable<string> FoldersOf(JobRecord job) => job.Request.Acceptors.Select(a => a.Folder).OfType<string>();

    private void Remember(JobRecord job)
    {
        _forgotten.Add(job.Id, job.Admitted.ContentDigest);
        _forgottenOrder.Enqueue(job.Id);
        if (_forgottenOrder.Count > ForgottenCountMax)
        {
            _forgotten.Remove(_forgottenOrder.Dequeue());
        }
    }

    private void Persist(StorageRecord record, JobRecord? job)
    {
        _unstored.Enqueue((record, job));
        _effects.Add(new HarborEffect.Persist(record));
    }

    private void Answer(long request, Refusal? refusal, bool isNew = false) =>
        _effects.Add(new HarborEffect.Answer(request, isNew, refusal));

    /// <summary>Answers everybody who waits; only the first is told that the job is a new one.</summary>
    private void AnswerAll(List<long> requests, Refusal? refusal, bool isNew = false)
    {
        for (int i = 0; i < requests.Count; i++)
        {
            Answer(requests[i], refusal, isNew && i == 0);
        }

        requests.Clear();
    }

    private void MarkDirty(JobRecord job)
    {
        if (!job.IsDirty && !job.IsRemoved)
        {
            job.IsDirty = true;
            _dirty.Add(job);
        }
    }

    private void MarkAllDirty()
    {
        foreach (JobRecord job in _jobs.Values)
        {
            MarkDirty(job);
        }
    }

    /// <summary>Carries over what the leasing decided, then tells which jobs changed, once each.</summary>
    private void Finish()
    {
        foreach (LeasingEffect effect in _leasingEffects)
        {
            Carry(effect);
        }

        _leasingEffects.Clear();
        foreach (JobRecord job in _dirty)
        {
            job.IsDirty = false;
            job.Cached = null;
            _effects.Add(new HarborEffect.JobChanged(job.Id, job.PrefixEnd, job.Product));
            if (job.End is { State: not JobState.Assembled } && !job.IsRemoved)
            {
                job.IsRemoved = true;
                Remember(job);
                Close(job);
            }
        }

        _dirty.Clear();
    }

    private void Carry(in LeasingEffect effect)
    {
        switch (effect.Kind)
        {
            case LeasingEffectKind.Grant:
                CarryGrant(effect, _works[effect.Work]);
                break;
            case LeasingEffectKind.Cancel:
                _effects.Add(new HarborEffect.Cancel(effect.Child, effect.Lease));
                break;
            case LeasingEffectKind.Complete:
                _works.Remove(effect.Work);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void CarryGrant(in LeasingEffect effect, JobRecord job)
    {
        job.HasRun = true;
        MarkDirty(job);
        if (job.Merge is not { } merge)
        {
            _effects.Add(new HarborEffect.Grant(
                effect.Child, GrantFrames.Map(effect, job.Request), job.Admitted.Description));
            return;
        }

        int group = (int)effect.Range.Begin;
        job.MergeLeases.Add(effect.Lease, group);
        _effects.Add(new HarborEffect.GrantMerge(
            effect.Child,
            GrantFrames.Merge(effect, job.Request, merge.RangeOf(group)),
            job.Admitted.Description,
            merge.Number - 1,
            merge.PartsOf(group)));
    }

    private JobStatus StatusOf(JobRecord job) => job.Cached ??= job.End is { } end
        ? end with { Deliveries = [.. job.Deliveries] }
        : JobReports.Describe(
            job,
            job.Ledger,
            _leasing.Progress(job.Work),
            JobReports.WhyNobody(job, _leasing.Progress(job.Work), [.. _agents.Values], _stalledBecause));
}
