using System.Collections.Immutable;
using System.Globalization;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;

namespace Ptorrent.Cli.Jobs;

/// <summary>All that can be said about a job, in the order of the help text: the one table of options and job
/// files.</summary>
internal static class JobFields
{
    public const string ProgramName = "program";
    public const string ArgumentsName = "arguments";
    public const string FilesName = "files";
    public const string OutName = "out";

    private static readonly ImmutableSortedDictionary<string, string> NoParameters =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Every field that is an option; a job file has <see cref="Program"/> and <see cref="Arguments"/> as
    /// well.</summary>
    public static ImmutableArray<JobField> Options { get; } =
    [
        new("over", "A..B", JobFieldShape.One, "Run for every index from A up to but not including B.",
            (o, v) => o with { Over = ParseRange(v) }),
        new(FilesName, "GLOB", JobFieldShape.Many,
            "Run for every file that matches: *, ?, [a-z], and ** for folders of any depth. Quote it.",
            (o, v) => o with { Files = Append(o.Files, v) }),
        new("lines", "FILE", JobFieldShape.One, "Run for every line of a file; {line} in arguments is the line.",
            (o, v) => o with { Lines = v }),
        new("combine", "HOW", JobFieldShape.One,
            "How outputs become one: concat (default), lines, files, sum, min, max, merge, top:K, histogram.",
            ParseCombine),
        new(OutName, "PATH", JobFieldShape.One,
            "Where the product goes: a file, a folder for --combine files, or - for standard output (default).",
            (o, v) => o with { Out = v }),
        new("param", "KEY=VALUE", JobFieldShape.Pairs, "A parameter for the program. May be given often.",
            (o, v) => o with { Parameters = AddParameter(o.Parameters ?? NoParameters, v) }),
        new("fuel-max", "N[k|M|G|T]", JobFieldShape.One, "Fuel for one index; a core burns about 20G a second.",
            (o, v) => o with { FuelMax = ParseFuel(v) }),
        new("memory-max", "SIZE", JobFieldShape.One, "Memory of the program, such as 512MiB (default).",
            (o, v) => o with { MemoryBytesMax = ParseBytes("memory-max", v) }),
        new("time-max", "TIME", JobFieldShape.One, "Wall-clock time of one run, such as 30s or 1h30m (default 1h).",
            (o, v) => o with { TimeMax = ParseTime(v) }),
        new("output-max", "SIZE", JobFieldShape.One, "Output of one index, files included (default 64MiB).",
            (o, v) => o with { OutputBytesMax = ParseBytes("output-max", v) }),
        new("seed", "TEXT", JobFieldShape.One, "Seed of the program's random numbers.", (o, v) => o with { Seed = v }),
        new("name", "TEXT", JobFieldShape.One, "A name for people.", (o, v) => o with { Name = v }),
        new("kind", "KIND", JobFieldShape.One, "wasi, kernel or script, where it is not found out by itself.",
            (o, v) => o with { Kind = ParseKind(v) }),
        new("webhook", "URL", JobFieldShape.Many, "Post the product to this address too (the harbor must allow it).",
            (o, v) => o with { Webhooks = Append(o.Webhooks, ParseWebhook(v)) }),
        new("deliver", "FOLDER", JobFieldShape.Many, "Store the product in the harbor's deliveries folder too.",
            (o, v) => o with { Folders = Append(o.Folders, v) }),
    ];

    public static JobField Program { get; } = new(
        ProgramName, "PROGRAM", JobFieldShape.One, "A .wasm module or a .ts, .js or .mjs script.",
        (o, v) => o with { Program = v });

    public static JobField Arguments { get; } = new(
        ArgumentsName, "ARGUMENT", JobFieldShape.Many, "The program's arguments.",
        (o, v) => o with { Arguments = Append(o.Arguments, v) });

    private static ImmutableArray<T> Append<T>(ImmutableArray<T>? before, T value) => (before ?? []).Add(value);

    private static IndexRange ParseRange(string text)
    {
        if (IndexRange.TryParse(text, out IndexRange range))
        {
            return range;
        }

        int dots = text.IndexOf("..", StringComparison.Ordinal);
        bool endBeforeBegin = dots > 0
            && Int128.TryParse(text.AsSpan(0, dots), out Int128 begin)
            && Int128.TryParse(text.AsSpan(dots + 2), out Int128 end)
            && begin >= 0
            && end < begin;
        throw endBeforeBegin
            ? Bad("over", text, "the range ends before it begins", "Write the smaller number first")
            : Bad("over", text, "a range is two whole numbers, A..B", "Write it like 0..1000");
    }

    private static JobOptions ParseCombine(JobOptions options, string text)
    {
        const string Top = "top:";
        if (!text.StartsWith(Top, StringComparison.Ordinal))
        {
            return options with { Combine = ParseCombine(text), TopCount = null };
        }

        return int.TryParse(text.AsSpan(Top.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            ? options with { Combine = CombineKind.Top, TopCount = count }
            : throw Bad("combine", text, "after top: comes how many lines are kept", "Write it like top:10");
    }

    private static CombineKind ParseCombine(string text) => text switch
    {
        "concat" => CombineKind.Concat,
        "lines" => CombineKind.Lines,
        "files" => CombineKind.Files,
        "sum" => CombineKind.Sum,
        "min" => CombineKind.Min,
        "max" => CombineKind.Max,
        "merge" => CombineKind.Merge,
        "histogram" => CombineKind.Histogram,
        "top" => throw Bad("combine", text, "top needs how many lines are kept", "Write it like top:10"),
        _ => throw Bad(
            "combine",
            text,
            "the ways to combine are concat, lines, files, sum, min, max, merge, top:K and histogram",
            string.Empty),
    };

    private static ProgramKind ParseKind(string text) => text switch
    {
        "wasi" => ProgramKind.Wasi,
        "kernel" => ProgramKind.Kernel,
        "script" => ProgramKind.Script,
        _ => throw Bad("kind", text, "the kinds of program are wasi, kernel and script", string.Empty),
    };

    private static ImmutableSortedDictionary<string, string> AddParameter(
        ImmutableSortedDictionary<string, string> parameters,
        string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? parameters.SetItem(text[..equals], text[(equals + 1)..])
            : throw Bad("param", text, "a parameter is KEY=VALUE", string.Empty);
    }

    private static Fuel ParseFuel(string text) => Quantity.TryParseFuel(text, out Fuel fuel)
        ? fuel
        : throw Bad(
            "fuel-max", text, "fuel is a number, with k, M, G or T for thousands and so on", "Write it like 20G");

    private static long ParseBytes(string field, string text) => Quantity.TryParseBytes(text, out long bytes)
        ? bytes
        : throw Bad(
            field, text, "a size is a number of bytes, or of kB, MB, GB, KiB, MiB or GiB", "Write it like 512MiB");

    private static TimeSpan ParseTime(string text) => Quantity.TryParseTime(text, out TimeSpan time)
        ? time
        : throw Bad("time-max", text, "a time is a number with h, m, s or ms behind it", "Write it like 30s or 1h30m");

    private static Uri ParseWebhook(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? webhook)
        ? webhook
        : throw Bad("webhook", text, "a webhook is an absolute http or https address", string.Empty);

    private static RefusedException Bad(string field, string value, string rule, string remedy) =>
        new(new Refusal(RefusalCode.InvalidValue, field, value, rule, remedy));
}
