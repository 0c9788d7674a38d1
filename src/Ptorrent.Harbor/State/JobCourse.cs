using System.Collections.Immutable;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>
/// The course of jobs: from submission through the program's own work and the rounds of merging to their end and their
/// deliveries. A part of <see cref="HarborState"/>.
/// </summary>
internal sealed class JobCourse
{
    /// <summary>Ended jobs whose ids are remembered, so that one that is submitted again at the moment of its end is
    /// recognised.</summary>
    private const int ForgottenCountMax = 10_000;

    private readonly HarborBooks _books;
    private readonly JobDoubts _doubts;
    private readonly Dictionary<JobId, Digest> _forgotten = [];
    private readonly Queue<JobId> _forgottenOrder = new();
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);
    private long _lastJobNumber;
    private long _lastWork;

    /// <param name="books">Shared with the state.</param>
    /// <param name="doubts">Who is not believed.</param>
    /// <param name="lastJobNumber">The highest number that a job has had.</param>
    public JobCourse(HarborBooks books, JobDoubts doubts, long lastJobNumber)
    {
        _books = books;
        _doubts = doubts;
        _lastJobNumber = lastJobNumber;
    }

    /// <summary>Somebody submits a job.</summary>
    public void Submit(DateTimeOffset now, HarborEvent.JobSubmitted submitted)
    {
        AdmittedJob admitted = submitted.Job;
        JobId id = admitted.Request.Id;
        if (_books.Jobs.TryGetValue(id, out JobRecord? existing))
        {
            if (existing.Admitted.ContentDigest != admitted.ContentDigest)
            {
                _books.Answer(submitted.Request, HarborRefusals.OtherJobHasId(id));
            }
            else if (existing.IsStored)
            {
                _books.Answer(submitted.Request, null);
            }
            else
            {
                existing.SubmitWaiters.Add(submitted.Request);
            }

            return;
        }

        if (_forgotten.TryGetValue(id, out Digest content))
        {
            _books.Answer(
                submitted.Request,
                content == admitted.ContentDigest ? null : HarborRefusals.OtherJobHasId(id));
            return;
        }

        if (_books.StalledBecause is not null)
        {
            _books.Answer(submitted.Request, HarborRefusals.NoSpace(_books.StalledBecause));
            return;
        }

        string? taken = admitted.Request.Acceptors
            .Select(a => a.Folder)
            .FirstOrDefault(f => f is not null && _folders.Contains(f));
        if (taken is not null)
        {
            _books.Answer(submitted.Request, HarborRefusals.FolderTaken(taken));
            return;
        }

        JobRecord job = new(admitted, ++_lastJobNumber, now);
        job.SubmitWaiters.Add(submitted.Request);
        Open(job);
        _books.Persist(
            new StorageRecord.JobAdded(id, job.Number, admitted.Json, now, admitted.Request.Acceptors.Length),
            job);
        AddMap(job, [admitted.Request.Range], learned: null);
    }

    /// <summary>Somebody cancels a job.</summary>
    public void Cancel(DateTimeOffset now, HarborEvent.JobCancelled cancelled)
    {
        if (!_books.Jobs.TryGetValue(cancelled.Job, out JobRecord? job))
        {
            bool hasEnded = _forgotten.ContainsKey(cancelled.Job);
            _books.Answer(
                cancelled.Request,
                hasEnded ? HarborRefusals.HasEnded(cancelled.Job) : HarborRefusals.NoSuchJob(cancelled.Job));
        }
        else if (job.IsEnding)
        {
            _books.Answer(cancelled.Request, HarborRefusals.HasEnded(cancelled.Job));
        }
        else
        {
            job.CancelWaiters.Add(cancelled.Request);
            StopWork(job);
            PersistEnd(now, job, JobState.Cancelled, failure: null);
        }
    }

    /// <summary>A job's end is durable.</summary>
    public void EndStored(JobRecord job, JobStatus status)
    {
        bool isNew = job.End is null;
        job.End = status;
        job.IsWhole = status.State is JobState.Assembled or JobState.Accepted;
        _books.Effects.Add(new HarborEffect.JobEnded(job.Id, status.State));
        _books.AnswerAll(job.CancelWaiters, refusal: null);
        _books.MarkDirty(job);
        if (status.State != JobState.Assembled)
        {
            return;
        }

        for (int number = 0; isNew && number < job.Deliveries.Length; number++)
        {
            if (job.Deliveries[number].State == DeliveryState.Pending)
            {
                _books.Effects.Add(new HarborEffect.Deliver(job.Id, number, job.Request.Acceptors[number]));
            }
        }
    }

    /// <summary>A delivery ended.</summary>
    public void Delivered(HarborEvent.Delivered delivered)
    {
        JobRecord job = _books.Jobs[delivered.Job];
        job.Deliveries[delivered.Number] = job.Deliveries[delivered.Number] with
        {
            State = delivered.State,
            Detail = delivered.Detail,
        };
        _books.Persist(
            new StorageRecord.DeliveryEnded(job.Id, delivered.Number, delivered.State, delivered.Detail),
            job);
        EndIfServed(job);
        _books.MarkDirty(job);
    }

    /// <summary>Where every acceptor is served, the job has come to its end.</summary>
    public void EndIfServed(JobRecord job)
    {
        if (job.Deliveries.All(d => d.State != DeliveryState.Pending))
        {
            _books.Persist(
                new StorageRecord.JobEnded(
                    job.End! with { State = JobState.Accepted, Deliveries = [.. job.Deliveries] }),
                job);
        }
    }

    /// <summary>Takes the next step of a job after more of it became durable.</summary>
    public void GoOn(DateTimeOffset now, JobRecord job)
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
            _books.Works.Add(work, job);
            WorkDescription description =
                new(work, (ulong)job.FirstMergeWork.Value.Value, round.GroupsLeft())
                {
                    LeaseIndexCountMax = 1,
                    IsRevocable = false,
                    Learned = LearnedFrom(done, isMerge: true),
                };
            _books.Leasing.AddWork(_books.Now, description, _books.LeasingEffects);
            _doubts.WorkAdded(job);
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
    public void Continue(DateTimeOffset now, JobRecord job, ImmutableArray<StoredSegment> segments)
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
            AddMap(job, [.. left], LearnedFrom(segments, isMerge: false));
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

    /// <summary>What an index cost in an earlier life of the harbor: a group to merge is one.</summary>
    private static LearnedCost? LearnedFrom(ImmutableArray<StoredSegment> segments, bool isMerge)
    {
        double fuel = 0;
        long count = 0;
        foreach (StoredSegment segment in segments)
        {
            if (segment.Round > 0 == isMerge)
            {
                fuel += segment.Burnt.Units;
                count += isMerge ? 1 : segment.Range.Count;
            }
        }

        return count == 0 ? null : new LearnedCost(Math.Max(1, fuel / count), count);
    }

    private void AddMap(JobRecord job, ImmutableArray<IndexRange> ranges, LearnedCost? learned)
    {
        job.Work = new WorkId(++_lastWork);
        job.FirstWork = job.Work;
        _books.Works.Add(job.Work, job);
        WorkDescription description = new(job.Work, (ulong)job.Work.Value, ranges)
        {
            LeaseIndexCountMax = GrantFrames.LeaseIndexCountMax(job.Request),
            Learned = learned,
        };
        _books.Leasing.AddWork(_books.Now, description, _books.LeasingEffects);
    }

    /// <summary>The program fails wherever it runs.</summary>
    public void Fail(DateTimeOffset now, JobRecord job, ProgramFailure failure)
    {
        StopWork(job);
        string message = failure.Message.Length > ProgramFailure.MessageCharactersMax
            ? failure.Message[..ProgramFailure.MessageCharactersMax]
            : failure.Message;
        PersistEnd(now, job, JobState.Failed, failure with { Message = message });
    }

    /// <summary>What came back cannot be read any more, and a merge needs it.</summary>
    public void Lose(DateTimeOffset now, HarborEvent.SegmentLost lost)
    {
        if (_books.Jobs.TryGetValue(lost.Job, out JobRecord? job) && !job.IsEnding)
        {
            Fail(now, job, new ProgramFailure(lost.Index, TrapCode.Unknown, lost.Reason, new Fuel(0)));
        }
    }

    /// <summary>Takes a job's leases back from everybody.</summary>
    private void StopWork(JobRecord job)
    {
        _books.Leasing.RemoveWork(_books.Now, job.Work, _books.LeasingEffects);
        job.MergeLeases.Clear();
    }

    private void PersistEnd(DateTimeOffset now, JobRecord job, JobState state, ProgramFailure? failure)
    {
        Invariant.Holds(!job.IsEnding);
        job.IsEnding = true;
        JobLedger ledger = job.LedgerWithUnstored();
        JobStatus status = JobReports.Describe(job, ledger) with { State = state, EndedAt = now, Failure = failure };
        _books.Persist(new StorageRecord.JobEnded(status), job);
    }

    private static JobState EndOfWhole(JobRecord job) =>
        job.Deliveries.Length == 0 ? JobState.Accepted : JobState.Assembled;

    /// <summary>Takes a job into the books.</summary>
    public void Open(JobRecord job)
    {
        _books.Jobs.Add(job.Id, job);
        foreach (string folder in FoldersOf(job))
        {
            _folders.Add(folder);
        }

        _books.Effects.Add(new HarborEffect.JobOpened(job.Id));
        _books.MarkDirty(job);
    }

    /// <summary>Takes a job out of the books.</summary>
    public void Close(JobRecord job)
    {
        _books.Jobs.Remove(job.Id);
        _doubts.Forget(job);
        foreach (string folder in FoldersOf(job))
        {
            _folders.Remove(folder);
        }

        _books.Works.Remove(job.Work);
        _books.Leasing.ForgetClass((ulong)job.FirstWork.Value);
        if (job.FirstMergeWork is { } merge)
        {
            _books.Leasing.ForgetClass((ulong)merge.Value);
        }

        _books.Effects.Add(new HarborEffect.JobForgotten(job.Id));
    }

    private static IEnumerable<string> FoldersOf(JobRecord job) =>
        job.Request.Acceptors.Select(a => a.Folder).OfType<string>();

    /// <summary>Forgets a job whose end is durable.</summary>
    public void Forget(JobRecord job)
    {
        job.IsRemoved = true;
        Remember(job);
        Close(job);
    }

    /// <summary>Takes back a job that nobody was told of, since it cannot be stored.</summary>
    public void TakeBack(JobRecord job)
    {
        StopWork(job);
        job.IsEnding = true;
        job.IsRemoved = true;
        _books.Persist(new StorageRecord.JobRemoved(job.Id), null);
        Close(job);
    }

    /// <summary>Gives the whole product's end to storage, where nothing is left to compute.</summary>
    public void EndIfComputed(DateTimeOffset now, JobRecord job)
    {
        if (job.Merge?.IsLast ?? !job.NeedsMerge)
        {
            PersistEnd(now, job, EndOfWhole(job), failure: null);
        }
    }

    private void Remember(JobRecord job)
    {
        _forgotten.Add(job.Id, job.Admitted.ContentDigest);
        _forgottenOrder.Enqueue(job.Id);
        if (_forgottenOrder.Count > ForgottenCountMax)
        {
            _forgotten.Remove(_forgottenOrder.Dequeue());
        }
    }
}
