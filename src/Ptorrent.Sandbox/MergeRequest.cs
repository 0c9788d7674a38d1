using System.Collections.Immutable;

namespace Ptorrent.Sandbox;

/// <summary>Outputs to be combined by the program's own merge.</summary>
public sealed record MergeRequest
{
    /// <summary>At least one; merged from left to right. Left alone by the caller until the merge has ended.</summary>
    public required ImmutableArray<ReadOnlyMemory<byte>> Parts { get; init; }
}
