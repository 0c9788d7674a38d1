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

    public Dictionary<JobId, JobRecord> Jobs { get; } = [];

    /// <summary>The jobs by the work that they are in the leasing.</summary>
    public Dictionary<WorkId, JobRecord> Works { get; } = [];

    /// <summary>Records that were given to storage and are not known to be durable, oldest first.</summary>
    public Queue<(StorageRecord Record, JobRecord? Job)> Unstored { get; } = new();

    /// <summary>Jobs that changed by the present event.</summary>
    public List<JobRecord> Dirty { get; } = [];

    /// <summary>Why nothing can be stored at present, or null.</summary>
    public string? StalledBecause { get; set; }

    public void Persist(StorageRecord record, JobRecord? job)
    {
        Unstored.Enqueue((record, job));
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

    public void MarkAllDirty()
    {
        foreach (JobRecord job in Jobs.Values)
        {
            MarkDirty(job);
        }
    }
}
