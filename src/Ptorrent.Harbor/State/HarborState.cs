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
    /// <summary>
    /// How long nothing new is granted after a start with jobs that were under way: agents come back within a second
    /// (each goes on trying so often) and go on with what they hold, which must not be somebody else's by then.
    /// </summary>
    public static readonly TimeSpan ReturnTime = TimeSpan.FromMilliseconds(1200);

    private readonly HarborId _id;
    private readonly string _name;
    private readonly HarborBooks _books;
    private readonly JobDoubts _doubts;
    private readonly AgentCourse _agents;
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
        _doubts = new JobDoubts(_books);
        _agents = new AgentCourse(_books, _doubts);
        _course = new JobCourse(_books, _doubts, lastJobNumber);
    }

    /// <summary>When <see cref="HarborEvent.TimePassed"/> is due; null while nothing waits for time.</summary>
    public TimeSpan? NextWakeAt
    {
        get
        {
            TimeSpan? leasing = _books.Leasing.NextWakeAt;
            return _books.ReturnsUntil is { } returns && !(leasing < returns) ? returns : leasing;
        }
    }

    /// <summary>The speed of one slot of an agent, in fuel a second, as an earlier life learned it; before any
    /// event.</summary>
    public void RestoreRate(AgentId agent, double slotRate) => _agents.RestoreRate(agent, slotRate);

    /// <summary>Takes in a job of an earlier life; before any event.</summary>
    public void Restore(Moment now, AdmittedJob admitted, StoredJob stored, List<HarborEffect> effects)
    {
        _books.Effects = effects;
        _books.Now = now.Elapsed;
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
            _course.Continue(now.Utc, job, stored.Segments);
            if (job.HasRun)
            {
                _books.ReturnsUntil = now.Elapsed + ReturnTime;
            }
        }

        Finish();
    }

    /// <summary>Decides what follows from an event; appends the effects in order.</summary>
    public void Handle(Moment now, HarborEvent evt, List<HarborEffect> effects)
    {
        _books.Effects = effects;
        _books.Now = now.Elapsed;
        switch (evt)
        {
            case HarborEvent.Committed committed:
                OnCommitted(now.Utc, committed);
                break;
            case HarborEvent.Stored stored:
                OnStored(now.Utc, stored.UpTo);
                break;
            case HarborEvent.JobSubmitted submitted:
                _course.Submit(now.Utc, submitted);
                break;
            case HarborEvent.JobCancelled cancelled:
                _course.Cancel(now.Utc, cancelled);
                break;
            case HarborEvent.AgentJoined joined:
                _agents.Join(now.Utc, joined);
                break;
            case HarborEvent.AgentGone gone:
                _agents.Leave(gone.Child);
                break;
            case HarborEvent.WindowSet window:
                _agents.SetWindow(window);
                break;
            case HarborEvent.Kept kept:
                OnKept(kept);
                break;
            case HarborEvent.CommitFaulty faulty:
                OnFaulty(faulty);
                break;
            case HarborEvent.Nacked nacked:
                OnNacked(now.Utc, nacked);
                break;
            case HarborEvent.StorageStalled stalled:
                OnStalled(stalled.Reason);
                break;
            case HarborEvent.SegmentLost lost:
                _course.Lose(now.Utc, lost);
                break;
            case HarborEvent.Delivered delivered:
                _course.Delivered(delivered);
                break;
            case HarborEvent.TimePassed:
                OnTimePassed();
                break;
            case HarborEvent.HistoryCut cut:
                OnHistoryCut(cut.Jobs);
                break;
            default:
                throw new UnreachableException();
        }

        Finish();
    }

    /// <summary>A job's status; null for one that is not here: unknown, or ended and left to the database.</summary>
    public JobStatus? StatusOf(JobId id) =>
        _books.Jobs.TryGetValue(id, out JobRecord? job) && job.IsStored ? StatusOf(job) : null;

    private JobStatus StatusOf(JobRecord job)
    {
        if (job.Cached is { } cached && cached.NetworkVersion == _books.NetworkVersion)
        {
            return cached.Status;
        }

        WorkProgress? progress = _books.Leasing.Progress(job.Work);
        JobStatus status = job.End is { } end
            ? end with { Deliveries = [.. job.Deliveries] }
            : JobReports.Describe(
                job,
                job.Ledger,
                progress,
                JobReports.WhyNobody(job, progress, [.. _books.Agents.Values], _books.StalledBecause));
        job.Cached = (status, _books.NetworkVersion);
        return status;
    }

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

    private void OnCommitted(DateTimeOffset now, HarborEvent.Committed committed)
    {
        if (!_books.Agents.TryGetValue(committed.Child, out AgentRecord? agent))
        {
            return;
        }

        if (!_books.Leasing.TryGetWork(committed.Child, committed.Lease, out WorkId work))
        {
            // It went to somebody else meanwhile: nothing of it counts, and the agent need not keep it.
            _books.Leasing.Hear(_books.Now, committed.Child, _books.LeasingEffects);
            Cancel(agent, committed.Lease);
            return;
        }

        JobRecord job = _books.Works[work];
        if (HasOtherColumns(job, committed))
        {
            string message = $"There are {committed.ColumnCount} numbers where other outputs have {job.ColumnCount}; "
                + "each output must have the same count.";
            Cancel(agent, committed.Lease);
            OnFailed(
                now,
                agent,
                job,
                committed.Lease,
                committed.Epoch,
                new ProgramFailure(committed.Upto - 1, TrapCode.BadOutput, message, committed.Burnt));
            return;
        }

        // A group is one index of the round's work, whatever indices of the job it covers.
        long upto = job.Merge is null ? committed.Upto : job.MergeLeases[committed.Lease] + 1;
        CommitResult result = _books.Leasing.Commit(
            _books.Now,
            committed.Child,
            committed.Lease,
            committed.Epoch,
            upto,
            committed.Burnt,
            committed.Busy,
            _books.LeasingEffects);
        if (result.Status == CommitStatus.Accepted)
        {
            Take(now, agent, job, committed, result);
        }
        else if (!_books.Leasing.TryGetWork(committed.Child, committed.Lease, out _))
        {
            Cancel(agent, committed.Lease);
        }
    }

    private static bool HasOtherColumns(JobRecord job, HarborEvent.Committed committed) =>
        committed.ColumnCount != 0 && job.ColumnCount != 0 && committed.ColumnCount != job.ColumnCount;

    /// <summary>A commit counts.</summary>
    private void Take(
        DateTimeOffset now,
        AgentRecord agent,
        JobRecord job,
        HarborEvent.Committed committed,
        in CommitResult result)
    {
        MergeRound? merge = job.Merge;
        job.ColumnCount = Math.Max(job.ColumnCount, committed.ColumnCount);
        IndexRange range = merge?.RangeOf((int)result.Range.Begin) ?? result.Range;
        if (!job.Failures.IsEmpty)
        {
            job.Failures.Refute(range);
        }

        StorageRecord.SegmentAdded segment =
            new(job.Id, merge?.Number ?? 0, range, agent.Id, committed.Burnt, committed.Content);
        job.MergeLeases.Remove(committed.Lease);
        _agents.Accepted(agent, committed.Lease, committed.Upto);
        job.Accept(segment, agent.Name);
        _books.Persist(segment, job, new CommitSource(committed.Child, committed.Lease, committed.Upto));
        _books.MarkDirty(job);
        if (IsComplete(result.Work))
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
            job.LastNack = $"{agent.Name} sent what is no result: {faulty.Reason}";
            _doubts.Distrust(agent, job);
            Cancel(agent, faulty.Lease);
            GiveBack(job, agent, faulty.Lease, faulty.Epoch);
        }
    }

    private void OnKept(HarborEvent.Kept kept)
    {
        if (_books.Agents.TryGetValue(kept.Child, out AgentRecord? agent))
        {
            _books.Leasing.Keep(_books.Now, kept.Child, kept.Lease, kept.From, _books.LeasingEffects);
            _agents.LeaseEnded(agent, kept.Lease);
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
            OnFailed(now, agent, job, nacked.Lease, nacked.Epoch, failure);
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
        GiveBack(job, agent, nacked.Lease, nacked.Epoch);
    }

    /// <summary>An agent says that the program fails; the job fails once a second word confirms it.</summary>
    private void OnFailed(
        DateTimeOffset now,
        AgentRecord agent,
        JobRecord job,
        LeaseId lease,
        LeaseEpoch epoch,
        ProgramFailure failure)
    {
        job.LastNack = $"{agent.Name}: the program failed at {failure.Index}: {failure.Message}";
        if (_doubts.Hear(agent, job, failure) is { } confirmed)
        {
            _course.Fail(now, job, confirmed);
        }
        else
        {
            GiveBack(job, agent, lease, epoch);
        }
    }

    private void GiveBack(JobRecord job, AgentRecord agent, LeaseId lease, LeaseEpoch epoch)
    {
        job.MergeLeases.Remove(lease);
        _books.Leasing.Nack(_books.Now, agent.Child, lease, epoch, _books.LeasingEffects);
        _agents.LeaseEnded(agent, lease);
        _books.MarkDirty(job);
        _doubts.Reconsider();
    }

    private void Cancel(AgentRecord agent, LeaseId lease)
    {
        agent.Receipts.Forget(lease);
        _books.Effects.Add(new HarborEffect.Cancel(agent.Child, lease));
    }

    private void OnHistoryCut(ImmutableArray<JobId> jobs)
    {
        foreach (JobId job in jobs)
        {
            if (!_books.Jobs.ContainsKey(job) && _books.StalledBecause is null)
            {
                _books.Persist(new StorageRecord.JobRemoved(job), null);
            }
        }
    }

    private void OnTimePassed()
    {
        if (_books.ReturnsUntil <= _books.Now)
        {
            _books.ReturnsUntil = null;
            if (_books.StalledBecause is null)
            {
                _agents.OpenWindows();
            }
        }

        _books.Leasing.PassTime(_books.Now, _books.LeasingEffects);
    }

    private void OnStalled(string reason)
    {
        if (_books.StalledBecause is not null)
        {
            return;
        }

        _books.StalledBecause = reason;

        // What comes back of what was begun waits in memory. While windows are closed one by one, others may still be
        // granted something of a job that is taken back below.
        _agents.CloseWindows();
        CarryLeasing();

        foreach (JobRecord job in _books.Jobs.Values.Where(j => !j.IsStored).OrderBy(j => j.Number).ToArray())
        {
            _books.AnswerAll(job.SubmitWaiters, HarborRefusals.NoSpace(reason));
            _course.TakeBack(job);
        }

        foreach (JobRecord job in _books.Jobs.Values)
        {
            _books.AnswerAll(job.CancelWaiters, HarborRefusals.NoSpace(reason));
        }

        _books.MarkNetworkChanged();
    }

    private void OnStored(DateTimeOffset now, long upTo)
    {
        if (_books.StalledBecause is not null)
        {
            _books.StalledBecause = null;
            if (_books.ReturnsUntil is null)
            {
                _agents.OpenWindows();
            }

            _books.MarkNetworkChanged();
        }

        while (_storedCount < upTo)
        {
            _storedCount++;
            UnstoredRecord stored = _books.Unstored.Dequeue();
            if (stored.Job is { IsRemoved: false } job)
            {
                OnStored(now, job, stored.Record);
                _books.MarkDirty(job);
            }

            if (stored is { Commit: { } commit, Record: StorageRecord.SegmentAdded segment })
            {
                _agents.Stored(commit, segment.Content.Inline.Length);
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

    /// <summary>Carries over what the leasing decided, then tells who is to hear of commits and which jobs changed,
    /// once each.</summary>
    private void Finish()
    {
        _agents.SendReceipts();
        CarryLeasing();
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

    private void CarryLeasing()
    {
        foreach (LeasingEffect effect in _books.LeasingEffects)
        {
            Carry(effect);
        }

        _books.LeasingEffects.Clear();
    }

    private void Carry(in LeasingEffect effect)
    {
        switch (effect.Kind)
        {
            case LeasingEffectKind.Grant:
                CarryGrant(effect, _books.Works[effect.Work]);
                break;
            case LeasingEffectKind.Cancel:
                CarryCancel(effect);
                break;
            case LeasingEffectKind.Revoke:
                _books.Effects.Add(new HarborEffect.Revoke(effect.Child, effect.Lease, effect.Range.Begin));
                break;
            case LeasingEffectKind.Complete:
                _books.Works.Remove(effect.Work);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void CarryCancel(in LeasingEffect effect)
    {
        if (_books.Agents.TryGetValue(effect.Child, out AgentRecord? agent))
        {
            Cancel(agent, effect.Lease);
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
