using System.Collections.Immutable;
using System.Diagnostics;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Network;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using ProgramFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Harbor.State;

/// <summary>
/// All that a harbor decides: which agent gets which part of which job, what counts, when a job has ended. Pure:
/// (now, event) → effects. Work is handed out as soon as it is there, but nothing is told to anybody before it is
/// durable: every change goes to storage as a record, and only its receipt (<see cref="HarborEvent.Stored"/>) makes
/// it visible. Not for several threads.
/// </summary>
internal sealed class HarborState
{
    private readonly HarborId _id;
    private readonly string _name;
    private readonly HarborBooks _books;
    private readonly JobCourse _course;
    private long _storedCount;

    /// <summary>Starts without jobs and without agents.</summary>
    /// <param name="id">The harbor.</param>
    /// <param name="name">Its name for people.</param>
    /// <param name="epoch">The fencing token of this life.</param>
    /// <param name="lastJobNumber">The highest number that a job has had.</param>
    public HarborState(HarborId id, string name, LeaseEpoch epoch, long lastJobNumber)
    {
        _id = id;
        _name = name;
        _books = new HarborBooks(epoch);
        _course = new JobCourse(_books, lastJobNumber);
    }

    /// <summary>Takes in a job of an earlier life; before any event.</summary>
    public void Restore(DateTimeOffset now, AdmittedJob admitted, StoredJob stored, List<HarborEffect> effects)
    {
        _books.Effects = effects;
        _books.Now = now - DateTimeOffset.UnixEpoch;
        JobRecord job = new(admitted, stored.Number, stored.SubmittedAt)
        {
            IsStored = true,
            ColumnCount = stored.ColumnCount,
        };
        for (int i = 0; i < stored.Deliveries.Length; i++)
        {
            job.Deliveries[i] = job.Deliveries[i] with
            {
                State = stored.Deliveries[i].State,
                Detail = stored.Deliveries[i].Detail,
            };
        }

        _course.Open(job);
        if (stored.Assembled is { } assembled)
        {
            job.IsEnding = true;
            job.IsWhole = true;
            _course.EndStored(job, assembled);
            _course.EndIfServed(job);
        }
        else
        {
            _course.Continue(now, job, stored.Segments);
        }

        Finish();
    }

    /// <summary>Decides what follows from an event; appends the effects in order.</summary>
    public void Handle(DateTimeOffset now, HarborEvent evt, List<HarborEffect> effects)
    {
        _books.Effects = effects;
        _books.Now = now - DateTimeOffset.UnixEpoch;
        switch (evt)
        {
            case HarborEvent.Committed committed:
                OnCommitted(now, committed);
                break;
            case HarborEvent.Stored stored:
                OnStored(now, stored.UpTo);
                break;
            case HarborEvent.JobSubmitted submitted:
                _course.Submit(now, submitted);
                break;
            case HarborEvent.JobCancelled cancelled:
                _course.Cancel(now, cancelled);
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
                _course.Delivered(delivered);
                break;
            default:
                throw new UnreachableException();
        }

        Finish();
    }

    /// <summary>A job's status; null for one that is not here: unknown, or ended and left to the database.</summary>
    public JobStatus? StatusOf(JobId id) =>
        _books.Jobs.TryGetValue(id, out JobRecord? job) && job.IsStored ? StatusOf(job) : null;

    private JobStatus StatusOf(JobRecord job) => job.Cached ??= job.End is { } end
        ? end with { Deliveries = [.. job.Deliveries] }
        : JobReports.Describe(
            job,
            job.Ledger,
            _books.Leasing.Progress(job.Work),
            JobReports.WhyNobody(
                job, _books.Leasing.Progress(job.Work), [.. _books.Agents.Values], _books.StalledBecause));

    /// <summary>The jobs that are here, with their numbers.</summary>
    public ImmutableArray<(long Number, JobStatus Status)> Statuses() =>
        [.. _books.Jobs.Values.Where(j => j.IsStored).Select(j => (j.Number, StatusOf(j)))];

    /// <summary>What the harbor has at hand.</summary>
    public NetworkStatus Network() => new()
    {
        Harbor = _id,
        Name = _name,
        OpenJobCount = _books.Jobs.Values.Count(j => j.IsStored && j.End is null),
        Agents =
        [
            .. _books.Agents.Values
                .OrderBy(a => a.Name, StringComparer.Ordinal)
                .ThenBy(a => a.Id.Value)
                .Select(a => new AgentStatus
                {
                    Id = a.Id,
                    Name = a.Name,
                    SlotCount = a.SlotCount,
                    BusySlotCount = _books.Leasing.BusySlotCount(a.Child),
                    FuelPerSecond = _books.Leasing.RateOf(a.Child),
                    ConnectedAt = a.ConnectedAt,
                }),
        ],
    };

    private void OnJoined(DateTimeOffset now, HarborEvent.AgentJoined joined)
    {
        AgentRecord? older = _books.Agents.Values.FirstOrDefault(a => a.Id == joined.Agent);
        if (older is not null)
        {
            _books.Effects.Add(new HarborEffect.CloseLink(older.Child, "The same agent has made another link."));
            RemoveAgent(older.Child);
        }

        AgentRecord agent = new(joined.Child, joined.Agent, joined.Name, joined.SlotCount, now);
        _books.Agents.Add(joined.Child, agent);
        _books.Leasing.AddChild(_books.Now, joined.Child, joined.SlotCount, joined.SlotRate);
        _books.Persist(new StorageRecord.AgentSeen(joined.Agent, joined.Name), null);
        _books.MarkAllDirty();
    }

    private void RemoveAgent(ChildId child)
    {
        if (_books.Agents.Remove(child))
        {
            _books.Leasing.RemoveChild(_books.Now, child, _books.LeasingEffects);
            _books.MarkAllDirty();
        }
    }

    private void OnWindow(HarborEvent.WindowSet window)
    {
        if (!_books.Agents.TryGetValue(window.Child, out AgentRecord? agent))
        {
            return;
        }

        bool opensOrCloses = (agent.Window > Fuel.Zero) != (window.Window > Fuel.Zero);
        agent.Window = window.Window;
        if (_books.StalledBecause is null)
        {
            _books.Leasing.SetWindow(_books.Now, window.Child, window.Window, _books.LeasingEffects);
        }

        if (opensOrCloses)
        {
            _books.MarkAllDirty();
        }
    }

    private void OnCommitted(DateTimeOffset now, HarborEvent.Committed committed)
    {
        if (!_books.Agents.TryGetValue(committed.Child, out AgentRecord? agent)
            || !_books.Leasing.TryGetWork(committed.Child, committed.Lease, out WorkId work))
        {
            // It crossed a cancellation, or the lease is of an earlier life: nothing of it counts.
            return;
        }

        JobRecord job = _books.Works[work];
        MergeRound? merge = job.Merge;
        long upto = committed.Upto;
        if (merge is not null)
        {
            // A group is one index of the round's work, whatever indices of the job it covers.
            upto = job.MergeLeases[committed.Lease] + 1;
        }

        CommitResult result = _books.Leasing.Commit(
            _books.Now,
            committed.Child,
            committed.Lease,
            committed.Epoch,
            upto,
            committed.Burnt,
            committed.Busy,
            _books.LeasingEffects);
        if (result.Status != CommitStatus.Accepted)
        {
            return;
        }

        if (committed.ColumnCount != 0 && job.ColumnCount != 0 && committed.ColumnCount != job.ColumnCount)
        {
            string message = $"There are {committed.ColumnCount} numbers where other outputs have {job.ColumnCount}; "
                + "each output must have the same count.";
            ProgramFailure failure = new(result.Range.Begin, TrapCode.BadOutput, message, committed.Burnt);
            _course.Fail(now, job, failure);
            return;
        }

        job.ColumnCount = Math.Max(job.ColumnCount, committed.ColumnCount);
        IndexRange range = merge?.RangeOf((int)result.Range.Begin) ?? result.Range;
        StorageRecord.SegmentAdded segment =
            new(job.Id, merge?.Number ?? 0, range, agent.Id, committed.Burnt, committed.Content);
        job.MergeLeases.Remove(committed.Lease);
        job.Accept(segment, agent.Name);
        _books.Persist(segment, job);
        _books.MarkDirty(job);
        if (IsComplete(work))
        {
            _course.EndIfComputed(now, job);
        }
    }

    /// <summary>Whether the leasing said so by the present event.</summary>
    private bool IsComplete(WorkId work)
    {
        foreach (LeasingEffect effect in _books.LeasingEffects)
        {
            if (effect.Kind == LeasingEffectKind.Complete && effect.Work == work)
            {
                return true;
            }
        }

        return false;
    }

    private void OnFaulty(HarborEvent.CommitFaulty faulty)
    {
        if (_books.Agents.TryGetValue(faulty.Child, out AgentRecord? agent)
            && _books.Leasing.TryGetWork(faulty.Child, faulty.Lease, out WorkId work))
        {
            JobRecord job = _books.Works[work];
            _books.Effects.Add(new HarborEffect.AgentAtFault(agent.Id, job.Id, faulty.Reason));
            _books.Effects.Add(new HarborEffect.Cancel(faulty.Child, faulty.Lease));
            job.LastNack = $"{agent.Name} sent what is no result: {faulty.Reason}";
            GiveBack(job, faulty.Child, faulty.Lease, faulty.Epoch);
        }
    }

    private void OnNacked(DateTimeOffset now, HarborEvent.Nacked nacked)
    {
        if (!_books.Agents.TryGetValue(nacked.Child, out AgentRecord? agent)
            || !_books.Leasing.TryGetWork(nacked.Child, nacked.Lease, out WorkId work))
        {
            return;
        }

        JobRecord job = _books.Works[work];
        if (nacked.Reason == NackReason.NackProgramFailed && nacked.Failure is { } failure)
        {
            _course.Fail(now, job, failure);
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
        _books.Leasing.Nack(_books.Now, child, lease, epoch, _books.LeasingEffects);
        _books.MarkDirty(job);
    }

    private void OnStalled(string reason)
    {
        if (_books.StalledBecause is not null)
        {
            return;
        }

        _books.StalledBecause = reason;
        foreach (AgentRecord agent in _books.Agents.Values)
        {
            // Nothing new is begun; what comes back of what was begun waits in memory.
            _books.Leasing.SetWindow(_books.Now, agent.Child, Fuel.Zero, _books.LeasingEffects);
        }

        foreach (JobRecord job in _books.Jobs.Values.Where(j => !j.IsStored).OrderBy(j => j.Number).ToArray())
        {
            _books.AnswerAll(job.SubmitWaiters, HarborRefusals.NoSpace(reason));
            _course.TakeBack(job);
        }

        foreach (JobRecord job in _books.Jobs.Values)
        {
            _books.AnswerAll(job.CancelWaiters, HarborRefusals.NoSpace(reason));
        }

        _books.MarkAllDirty();
    }

    private void OnStored(DateTimeOffset now, long upTo)
    {
        if (_books.StalledBecause is not null)
        {
            _books.StalledBecause = null;
            foreach (AgentRecord agent in _books.Agents.Values)
            {
                _books.Leasing.SetWindow(_books.Now, agent.Child, agent.Window, _books.LeasingEffects);
            }

            _books.MarkAllDirty();
        }

        while (_storedCount < upTo)
        {
            _storedCount++;
            (StorageRecord record, JobRecord? job) = _books.Unstored.Dequeue();
            if (job is { IsRemoved: false })
            {
                OnStored(now, job, record);
                _books.MarkDirty(job);
            }
        }
    }

    private void OnStored(DateTimeOffset now, JobRecord job, StorageRecord record)
    {
        switch (record)
        {
            case StorageRecord.SegmentAdded segment:
                job.Store(segment);
                _course.GoOn(now, job);
                break;
            case StorageRecord.JobAdded:
                job.IsStored = true;
                _books.AnswerAll(job.SubmitWaiters, refusal: null, isNew: true);
                break;
            case StorageRecord.JobEnded ended:
                _course.EndStored(job, ended.Status);
                break;
            case StorageRecord.DeliveryEnded:
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Carries over what the leasing decided, then tells which jobs changed, once each.</summary>
    private void Finish()
    {
        foreach (LeasingEffect effect in _books.LeasingEffects)
        {
            Carry(effect);
        }

        _books.LeasingEffects.Clear();
        foreach (JobRecord job in _books.Dirty)
        {
            job.IsDirty = false;
            job.Cached = null;
            _books.Effects.Add(new HarborEffect.JobChanged(job.Id, job.PrefixEnd, job.Product));
            if (job.End is { State: not JobState.Assembled } && !job.IsRemoved)
            {
                _course.Forget(job);
            }
        }

        _books.Dirty.Clear();
    }

    private void Carry(in LeasingEffect effect)
    {
        switch (effect.Kind)
        {
            case LeasingEffectKind.Grant:
                CarryGrant(effect, _books.Works[effect.Work]);
                break;
            case LeasingEffectKind.Cancel:
                _books.Effects.Add(new HarborEffect.Cancel(effect.Child, effect.Lease));
                break;
            case LeasingEffectKind.Complete:
                _books.Works.Remove(effect.Work);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void CarryGrant(in LeasingEffect effect, JobRecord job)
    {
        job.HasRun = true;
        _books.MarkDirty(job);
        if (job.Merge is not { } merge)
        {
            _books.Effects.Add(new HarborEffect.Grant(
                effect.Child, GrantFrames.Map(effect, job.Request), job.Admitted.Description));
            return;
        }

        int group = (int)effect.Range.Begin;
        job.MergeLeases.Add(effect.Lease, group);
        _books.Effects.Add(new HarborEffect.GrantMerge(
            effect.Child,
            GrantFrames.Merge(effect, job.Request, merge.RangeOf(group)),
            job.Admitted.Description,
            merge.Number - 1,
            merge.PartsOf(group)));
    }
}
