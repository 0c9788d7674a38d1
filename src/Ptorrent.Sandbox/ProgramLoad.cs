using System.Collections.Immutable;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;

namespace Ptorrent.Sandbox;

/// <summary>A program as its job gives it, before it is checked and metered.</summary>
public sealed record ProgramLoad
{
    /// <summary>The bytes of <see cref="Seed"/>.</summary>
    public const int SeedBytes = 32;

    /// <summary>Wasi, kernel or script.</summary>
    public required ProgramKind Kind { get; init; }

    /// <summary>Whether a call covers a range or one index.</summary>
    public required RunMode Mode { get; init; }

    /// <summary>How the outputs of a run become its segment. Default one after another.</summary>
    public CombineKind Combine { get; init; } = CombineKind.Concat;

    /// <summary>For <see cref="CombineKind.Top"/> how many lines it keeps; otherwise 0.</summary>
    public int TopCount { get; init; }

    /// <summary>The program's file name: argument 0 of a command, and the name in a script's error positions.</summary>
    public required string Name { get; init; }

    /// <summary>The module as its author made it, or the script's source in UTF-8. Not changed and not copied: the
    /// caller leaves it alone while the program is in use.</summary>
    public required ReadOnlyMemory<byte> Code { get; init; }

    /// <summary>The arguments, with placeholders.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>The parameters by key, in ordinal order.</summary>
    public ImmutableSortedDictionary<string, string> Parameters { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>What one index may use.</summary>
    public required JobLimits Limits { get; init; }

    /// <summary>Of the program's random numbers; <see cref="SeedBytes"/> bytes.</summary>
    public required ReadOnlyMemory<byte> Seed { get; init; }
}
