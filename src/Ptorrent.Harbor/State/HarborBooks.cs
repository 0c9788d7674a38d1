using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Refusals;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>What the parts of <see cref="HarborState"/> share: agents, jobs, the leasing, and the effects of the
/// event that is being handled.</summary>
internal sealed class HarborBooks(LeaseEpoch epoch)
{
    public LeasingState Leasing { get; } = new(LeasingLimits.Wire, epoch);

    /// <summary>What the leasing decided and what is not carried over yet.</summary>
    public List<LeasingEffect> LeasingEffects { get; } = [];

    /// <summary>When the present event happened.</summary>
    public TimeSpan Now { get; set; }

    /// <summary>Takes the effects of the present event.</summary>
    public List<HarborEffect> Effects { get; set; } = [];

    public SortedDictionary<ChildId, AgentRecord> Agents { get; } = [];

    /// <summary>The same agents by their own ids.</summary>
    public Dictionary<AgentId, AgentRecord> AgentsById { get; } = [];

    public Dictionary<JobId, JobRecord> Jobs { get; } = [];

    /// <summary>The jobs by the work that they are in the leasing.</summary>
    public Dictionary<WorkId, JobRecord> Works { get; } = [];

    /// <summary>Records that were given to storage and are not known to be durable, oldest first.</summary>
    public Queue<UnstoredRecord> Unstored { get; } = new();

    /// <summary>Jobs that changed by the present event.</summary>
    public List<JobRecord> Dirty { get; } = [];

    /// <summary>Changes whenever the status of any job may be another although nothing of the job changed: agents came
    /// or went.</summary>
    public long NetworkVersion { get; private set; }

    /// <summary>Why nothing can be stored at present, or null.</summary>
    public string? StalledBecause { get; set; }

    /// <summary>Until when nothing new is granted, so that agents of an earlier life of the harbor find what they
    /// hold; null in ordinary times.</summary>
    public TimeSpan? ReturnsUntil { get; set; }

    public void Persist(StorageRecord record, JobRecord? job, CommitSource? commit = null)
    {
        Unstored.Enqueue(new UnstoredRecord(record, job, commit));
        Effects.Add(new HarborEffect.Persist(record));
    }

    public void Answer(long request, Refusal? refusal, bool isNew = false) =>
        Effects.Add(new HarborEffect.Answer(request, isNew, refusal));

    /// <summary>Answers everybody who waits; only the first is told that the job is a new one.</summary>
    public void AnswerAll(List<long> requests, Refusal? refusal, bool isNew = false)
    {
        for (int i = 0; i < requests.Count; i++)
        {
            Answer(requests[i], refusal, isNew && i == 0);
        }

        requests.Clear();
    }

    public void MarkDirty(JobRecord job)
    {
        if (!job.IsDirty && !job.IsRemoved)
        {
            job.IsDirty = true;
            Dirty.Add(job);
        }
    }

    /// <summary>Any job's status may be another now.</summary>
    public void MarkNetworkChanged()
    {
        NetworkVersion++;
        Effects.Add(new HarborEffect.NetworkChanged());
    }
}
