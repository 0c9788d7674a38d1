using System.Collections.Immutable;
using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Network;

/// <summary>What a harbor has at hand now.</summary>
public sealed record NetworkStatus
{
    /// <summary>Which harbor.</summary>
    public required HarborId Harbor { get; init; }

    /// <summary>Its name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Its agents now, by name.</summary>
    public required ImmutableArray<AgentStatus> Agents { get; init; }

    /// <summary>Jobs that are Submitted or Running.</summary>
    public required int OpenJobCount { get; init; }
}
