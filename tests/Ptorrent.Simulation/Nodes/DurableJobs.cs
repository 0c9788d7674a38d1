using System.Collections.Immutable;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Work.Combining;

namespace Ptorrent.Simulation.Nodes;

/// <summary>What a start of the harbor finds on the disk: the records folded as the database folds them.</summary>
internal sealed class DurableJobs
{
    private readonly Func<StorageRecord.SegmentAdded, bool> _isSound;
    private readonly SortedDictionary<long, JobRows> _jobs = [];
    private readonly Dictionary<JobId, JobRows> _byId = [];
    private readonly Dictionary<AgentId, string> _agents = [];

    public DurableJobs(
        IEnumerable<StorageRecord> records,
        Func<StorageRecord.SegmentAdded, bool>? isSound = null)
    {
        _isSound = isSound ?? (_ => true);
        foreach (StorageRecord record in records)
        {
            Add(record);
        }
    }

    /// <summary>The highest number that a job has had.</summary>
    public long LastJobNumber => _jobs.Count == 0 ? 0 : _jobs.Keys.Last();

    /// <summary>What is durable of a job; null if there is no such job.</summary>
    public JobRows? Find(JobId job) => _byId.GetValueOrDefault(job);

    /// <summary>The jobs that go on, in order.</summary>
    public IEnumerable<StoredJob> OpenJobs(Func<JobId, JobRequest> requestOf)
    {
        foreach (JobRows job in _jobs.Values)
        {
            if (job.Status is null or { State: JobState.Assembled })
            {
                yield return ToStored(job, requestOf(job.Added.Job));
            }
        }
    }

    private StoredJob ToStored(JobRows job, JobRequest request)
    {
        StorageRecord.SegmentAdded? numbers = SegmentCombiner.IsNumeric(request.Combine)
            ? job.Segments.FirstOrDefault(s => s.Content.Inline.Length > 0 && _isSound(s))
            : null;
        return new StoredJob
        {
            Number = job.Added.Number,
            Request = request,
            RequestJson = job.Added.RequestJson,
            SubmittedAt = job.Added.SubmittedAt,
            Assembled = job.Status,
            Segments = job.Status is null
                ? [
                    .. job.Segments
                        .OrderBy(s => s.Round)
                        .ThenBy(s => s.Range.Begin)
                        .Select(s => StoredSegment.Of(s, _agents.GetValueOrDefault(s.Agent, string.Empty))),
                ]
                : [],
            Deliveries = [.. job.Deliveries],
            ColumnCount = numbers is null ? 0 : SegmentCheck.CountColumns(numbers.Content.Inline.Span),
        };
    }

    private void Add(StorageRecord record)
    {
        switch (record)
        {
            case StorageRecord.JobAdded added:
                JobRows job = new(added);
                _jobs.Add(added.Number, job);
                _byId.Add(added.Job, job);
                break;
            case StorageRecord.JobRemoved removed:
                if (_byId.Remove(removed.Job, out JobRows? gone))
                {
                    _jobs.Remove(gone.Added.Number);
                }

                break;
            case StorageRecord.JobEnded ended:
                if (_byId.TryGetValue(ended.Status.Id, out JobRows? endedJob))
                {
                    endedJob.Status = ended.Status;
                }

                break;
            case StorageRecord.SegmentAdded segment:
                _byId.GetValueOrDefault(segment.Job)?.Segments.Add(segment);
                break;
            case StorageRecord.DeliveryEnded delivery:
                if (_byId.TryGetValue(delivery.Job, out JobRows? delivered))
                {
                    delivered.Deliveries[delivery.Number] = new DeliveryStatus(
                        string.Empty, delivery.State, delivery.Detail);
                }

                break;
            case StorageRecord.AgentSeen agent:
                _agents[agent.Agent] = agent.Name;
                break;
            case StorageRecord.RateLearned:
                break;
            default:
                throw new System.Diagnostics.UnreachableException(record.GetType().Name);
        }
    }

    /// <summary>What is durable of one job.</summary>
    internal sealed class JobRows(StorageRecord.JobAdded added)
    {
        public StorageRecord.JobAdded Added { get; } = added;

        public JobStatus? Status { get; set; }

        public List<StorageRecord.SegmentAdded> Segments { get; } = [];

        public DeliveryStatus[] Deliveries { get; } =
        [
            .. Enumerable.Repeat(
                new DeliveryStatus(string.Empty, DeliveryState.Pending, string.Empty), added.AcceptorCount),
        ];
    }
}
