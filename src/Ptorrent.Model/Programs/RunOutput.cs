using System.Collections.Immutable;

namespace Ptorrent.Model.Programs;

/// <summary>What one call of a program put out.</summary>
/// <param name="StandardOutput">What it wrote to standard output, or returned. Nobody changes the bytes
/// afterwards.</param>
/// <param name="Files">The files that it wrote, by path in ordinal order.</param>
public sealed record RunOutput(ReadOnlyMemory<byte> StandardOutput, ImmutableArray<OutputFile> Files);
