using System.Collections.Immutable;
using Ptorrent.Model.Units;

namespace Ptorrent.Sandbox;

/// <summary>What one run covers.</summary>
public sealed record RunRequest
{
    /// <summary>The most indices of one run in item mode.</summary>
    public const int ItemCountMax = 1_000_000;

    /// <summary>The indices; at least one, and in item mode at most <see cref="ItemCountMax"/>.</summary>
    public required IndexRange Range { get; init; }

    /// <summary>None, or one for each index in order; in range mode at most one.</summary>
    public ImmutableArray<RunInput> Inputs { get; init; } = [];

    /// <summary>In item mode without <see cref="Inputs"/>: lines, one for each index in order, each ended by a line
    /// feed, which the last may lack. Left alone by the caller until the run has ended.</summary>
    public ReadOnlyMemory<byte>? Lines { get; init; }
}
