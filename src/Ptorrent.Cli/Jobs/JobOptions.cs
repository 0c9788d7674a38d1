using System.Collections.Immutable;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Cli.Jobs;

/// <summary>What a person said about a job, on the command line or in a job file. What he did not say is
/// null.</summary>
internal sealed record JobOptions
{
    public string? Program { get; init; }

    public IndexRange? Over { get; init; }

    public ImmutableArray<string>? Files { get; init; }

    public string? Lines { get; init; }

    public CombineKind? Combine { get; init; }

    /// <summary>Goes with <see cref="Combine"/>: lines that top keeps.</summary>
    public int? TopCount { get; init; }

    public string? Out { get; init; }

    public ImmutableSortedDictionary<string, string>? Parameters { get; init; }

    public Fuel? FuelMax { get; init; }

    public long? MemoryBytesMax { get; init; }

    public TimeSpan? TimeMax { get; init; }

    public long? OutputBytesMax { get; init; }

    public string? Seed { get; init; }

    public string? Name { get; init; }

    public ProgramKind? Kind { get; init; }

    public ImmutableArray<Uri>? Webhooks { get; init; }

    public ImmutableArray<string>? Folders { get; init; }

    public ImmutableArray<string>? Arguments { get; init; }

    private bool HasItems => Over is not null || Files is not null || Lines is not null;

    /// <summary>These options where <paramref name="other"/> is silent; its options where it speaks. Parameters are put
    /// together key by key; a range, files or lines there replace what there is here of them.</summary>
    public JobOptions OverriddenBy(JobOptions other) => new()
    {
        Program = other.Program ?? Program,
        Over = other.HasItems ? other.Over : Over,
        Files = other.HasItems ? other.Files : Files,
        Lines = other.HasItems ? other.Lines : Lines,
        Combine = other.Combine ?? Combine,
        TopCount = other.Combine is null ? TopCount : other.TopCount,
        Out = other.Out ?? Out,
        Parameters = (Parameters, other.Parameters) is ({ } below, { } above)
            ? below.SetItems(above)
            : other.Parameters ?? Parameters,
        FuelMax = other.FuelMax ?? FuelMax,
        MemoryBytesMax = other.MemoryBytesMax ?? MemoryBytesMax,
        TimeMax = other.TimeMax ?? TimeMax,
        OutputBytesMax = other.OutputBytesMax ?? OutputBytesMax,
        Seed = other.Seed ?? Seed,
        Name = other.Name ?? Name,
        Kind = other.Kind ?? Kind,
        Webhooks = other.Webhooks ?? Webhooks,
        Folders = other.Folders ?? Folders,
        Arguments = other.Arguments ?? Arguments,
    };
}
