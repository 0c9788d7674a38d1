using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Model.Jobs;

/// <summary>
/// All that describes a job, however it was written: options, a job file, the API. <see cref="JobRequestValidator"/>
/// says what is wrong with one.
/// </summary>
public sealed record JobRequest
{
    /// <summary>Made by the submitter. The same id with the same content again is no new job.</summary>
    public required JobId Id { get; init; }

    /// <summary>A name for people. At most 200 characters.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>The program. Its blob, and those of <see cref="Files"/> and <see cref="Lines"/>, are at the harbor
    /// before the job is.</summary>
    public required ProgramReference Program { get; init; }

    /// <summary>The indices, where the job is over a range. Exactly one of this, <see cref="Files"/> and
    /// <see cref="Lines"/> is given.</summary>
    public IndexRange? Over { get; init; }

    /// <summary>The files, where the job is over files; index i is the i-th.</summary>
    public ImmutableArray<InputFile> Files { get; init; } = [];

    /// <summary>The lines, where the job is over the lines of a file; index i is the i-th.</summary>
    public InputLines? Lines { get; init; }

    /// <summary>Arguments with placeholders (<see cref="Placeholder"/>), replaced for every run.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>Parameters: a WASI program's environment, what a kernel asks for by name, a script's <c>parameters</c>.
    /// </summary>
    public ImmutableSortedDictionary<string, string> Parameters { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>How outputs become one product.</summary>
    public CombineKind Combine { get; init; } = CombineKind.Concat;

    /// <summary>How many lines <see cref="CombineKind.Top"/> keeps: 1 to 1,000,000. 0 for every other way to
    /// combine.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int TopCount { get; init; }

    /// <summary>What a run may use.</summary>
    public JobLimits Limits { get; init; } = new();

    /// <summary>Goes into the program's random numbers; the same seed gives the same bytes. At most 200
    /// characters.</summary>
    public string Seed { get; init; } = string.Empty;

    /// <summary>Who else receives the product. At most eight.</summary>
    public ImmutableArray<AcceptorRequest> Acceptors { get; init; } = [];

    /// <summary>All indices of the job.</summary>
    [JsonIgnore]
    public IndexRange Range => Over ?? new IndexRange(0, Lines?.Count ?? (Files.IsDefaultOrEmpty ? 0 : Files.Length));

    /// <summary>Whether one run may take many indices, or takes one at a time.</summary>
    [JsonIgnore]
    public RunMode Mode => RunModes.Of(Program.Kind, Over is not null, Arguments);
}
