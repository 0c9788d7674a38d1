using System.Collections.Immutable;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.State;

/// <summary>Who did how much of a job.</summary>
internal sealed class JobLedger
{
    private readonly Dictionary<AgentId, Contribution> _contributions;

    public JobLedger()
        : this([])
    {
    }

    private JobLedger(Dictionary<AgentId, Contribution> contributions) => _contributions = contributions;

    /// <summary>Indices that came back.</summary>
    public long IndicesDone { get; private set; }

    /// <summary>Commits.</summary>
    public long FragmentsDone { get; private set; }

    /// <summary>Fuel burnt.</summary>
    public Fuel Burnt { get; private set; }

    /// <summary>What each agent did, the most first.</summary>
    public ImmutableArray<Contribution> Contributions =>
        [.. _contributions.Values.OrderByDescending(c => c.Indices).ThenBy(c => c.Agent.Value)];

    public JobLedger Copy() => new(new Dictionary<AgentId, Contribution>(_contributions))
    {
        IndicesDone = IndicesDone,
        FragmentsDone = FragmentsDone,
        Burnt = Burnt,
    };

    /// <summary>Books a segment. Merging costs fuel but does no index.</summary>
    public void Add(StoredSegment segment)
    {
        long indices = segment.Round == 0 ? segment.Range.Count : 0;
        IndicesDone += indices;
        FragmentsDone++;
        Burnt = SumSaturating(Burnt, segment.Burnt);
        _contributions[segment.Agent] = _contributions.TryGetValue(segment.Agent, out Contribution? before)
            ? before with { Indices = before.Indices + indices, Burnt = SumSaturating(before.Burnt, segment.Burnt) }
            : new Contribution(segment.Agent, segment.AgentName, indices, segment.Burnt);
    }

    /// <summary>Agents say what they burnt; a lie must not overflow the harbor.</summary>
    private static Fuel SumSaturating(Fuel left, Fuel right) =>
        right.Units > long.MaxValue - left.Units ? new Fuel(long.MaxValue) : left + right;
}
