using System.Collections.Immutable;

namespace Ptorrent.Sandbox;

/// <summary>What a program produced for one index, or for the whole range in range mode.</summary>
/// <param name="StandardOutput">What it wrote, the receiver's to keep.</param>
/// <param name="Files">The files that it made or changed, by name in ordinal order, each name once.</param>
public sealed record RunOutput(ReadOnlyMemory<byte> StandardOutput, ImmutableArray<OutputFile> Files);
