using System.Collections.Immutable;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;

namespace Ptorrent.Model.Jobs;

/// <summary>
/// The one place that knows what a job request must fulfil by itself. Whether its blobs exist and its program can run
/// is for the harbor to see.
/// </summary>
public static class JobRequestValidator
{
    private const int NameCharactersMax = 200;
    private const int ArgumentCountMax = 1_000;
    private const int ArgumentCharactersMax = 64 * 1024;
    private const string TextRule = "at most 65536 characters and no zero character";
    private const int ParameterCountMax = 1_000;
    private const int FileCountMax = 1_000_000;
    private const int AcceptorCountMax = 8;
    private const int FolderCharactersMax = 100;

    /// <summary>Lines that a job with <see cref="CombineKind.Top"/> keeps at most.</summary>
    public const int TopCountMax = 1_000_000;

    /// <summary>The first rule that <paramref name="request"/> breaks, in the order of its fields; null if it is fine.
    /// </summary>
    public static Refusal? Check(JobRequest request) =>
        CheckIdentity(request)
        ?? CheckProgram(request.Program)
        ?? CheckItems(request)
        ?? CheckArguments(request)
        ?? CheckParameters(request.Parameters)
        ?? CheckCombine(request)
        ?? CheckLimits(request.Limits)
        ?? CheckAcceptors(request.Acceptors);

    private static Refusal? CheckIdentity(JobRequest request)
    {
        if (request.Id.Value == 0)
        {
            return Missing("id", "a job needs an id that its submitter made");
        }

        return TooLong("name", request.Name, NameCharactersMax) ?? TooLong("seed", request.Seed, NameCharactersMax);
    }

    private static Refusal? CheckProgram(ProgramReference program)
    {
        if (program.Kind is not (ProgramKind.Wasi or ProgramKind.Kernel or ProgramKind.Script))
        {
            return Invalid("program", program.Kind.ToString(), "a program is wasi, kernel or script", string.Empty);
        }

        if (program.SizeBytes <= 0)
        {
            return Invalid("program", program.Name, "the program is empty", "Name a file that holds a program");
        }

        return CheckFileName("program", program.Name);
    }

    private static Refusal? CheckItems(JobRequest request)
    {
        if (request.Files.IsDefault)
        {
            return Missing("files", "the list of files is absent");
        }

        int given = (request.Over is null ? 0 : 1) + (request.Files.IsEmpty ? 0 : 1) + (request.Lines is null ? 0 : 1);
        if (given > 1)
        {
            return Conflict("files", "a job is over a range, over files or over lines", "Leave the others out");
        }

        return request switch
        {
            { Over: { } over } => over.IsEmpty
                ? Invalid("over", over.ToString(), "the range has no index", "Give a range A..B with A below B")
                : null,
            { Lines: { } lines } => CheckLines(lines),
            { Files.IsEmpty: false } => CheckFiles(request),
            _ => Missing(
                "over",
                "a job needs a range, a list of files or a file of lines",
                "Give --over A..B, --files GLOB or --lines FILE"),
        };
    }

    private static Refusal? CheckLines(InputLines lines)
    {
        if (lines.File is null)
        {
            return Missing("lines", "the file of lines is absent");
        }

        if (lines.Count <= 0 || lines.Count > lines.File.SizeBytes)
        {
            return Invalid("lines", lines.File.Name, "the file has no line", "Name a file that has lines");
        }

        return CheckFileName("lines", lines.File.Name);
    }

    private static Refusal? CheckFiles(JobRequest request)
    {
        if (request.Files.Length > FileCountMax)
        {
            return Invalid("files", $"{request.Files.Length} files", $"at most {FileCountMax} files", "Split the job");
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (InputFile file in request.Files)
        {
            // What was read from JSON may hold nulls in lists, whatever the types say.
            if (file is null)
            {
                return Missing("files", "one of the files is absent");
            }

            if (CheckFileName("files", file.Name) is { } refusal)
            {
                return refusal;
            }

            if (file.SizeBytes < 0)
            {
                return Invalid("files", file.Name, "the size is negative", string.Empty);
            }

            if (request.Combine == CombineKind.Files && !names.Add(file.Name))
            {
                return Conflict(
                    "files",
                    $"two files are named '{file.Name}', and --combine files names each result after its file",
                    "Rename one, or combine in another way");
            }
        }

        return null;
    }

    private static Refusal? CheckArguments(JobRequest request)
    {
        ImmutableArray<string> arguments = request.Arguments;
        if (arguments.IsDefault || arguments.Length > ArgumentCountMax)
        {
            return Invalid("arguments", string.Empty, $"there are at most {ArgumentCountMax} arguments", string.Empty);
        }

        if (arguments.Any(a => a is null))
        {
            return Missing("arguments", "one of the arguments is absent");
        }

        bool Uses(string placeholder) => arguments.Any(a => Placeholder.Uses(a, placeholder));

        if (arguments.FirstOrDefault(IsNoText) is { } bad)
        {
            return Invalid("arguments", bad, $"an argument has {TextRule}", string.Empty);
        }

        bool namesRange = Uses(Placeholder.Begin) || Uses(Placeholder.End);
        bool namesFile = Uses(Placeholder.File) || Uses(Placeholder.Name);
        if (Uses(Placeholder.Line) && request.Lines is null)
        {
            return Conflict("arguments", "{line} needs lines", "Use --lines FILE, or {index} with --over");
        }
        if (namesRange && request.Over is null)
        {
            return Conflict("arguments", "{begin} and {end} need a range", "Use --over A..B, or {file} with --files");
        }

        if (namesFile && request.Files.IsEmpty)
        {
            return Conflict(
                "arguments",
                "{file} and {name} need files",
                "Use --files GLOB, {line} with --lines or {index} with --over");
        }

        return namesRange && Uses(Placeholder.Index)
            ? Conflict(
                "arguments",
                "{index} is for one item at a time, {begin} and {end} are for ranges",
                "Use one or the other")
            : null;
    }

    private static Refusal? CheckParameters(ImmutableSortedDictionary<string, string> parameters)
    {
        if (parameters.Count > ParameterCountMax)
        {
            return Invalid(
                "param", $"{parameters.Count} parameters", $"there are at most {ParameterCountMax}", string.Empty);
        }

        foreach ((string key, string value) in parameters)
        {
            if (key.Length is 0 or > NameCharactersMax || key.AsSpan().ContainsAny('=', '\0'))
            {
                return Invalid("param", key, "a key has 1 to 200 characters and no equals sign", "Write KEY=VALUE");
            }

            if (IsNoText(value))
            {
                return Invalid("param", key, $"a value has {TextRule}", string.Empty);
            }
        }

        return null;
    }

    private static Refusal? CheckCombine(JobRequest request)
    {
        if (request.Combine is < CombineKind.Concat or > CombineKind.Histogram)
        {
            return Invalid(
                "combine",
                request.Combine.ToString(),
                "the ways to combine are concat, lines, files, sum, min, max, merge, top:K and histogram",
                string.Empty);
        }

        if (request.Combine == CombineKind.Top && request.TopCount is < 1 or > TopCountMax)
        {
            return Invalid(
                "combine", $"top:{request.TopCount}", $"top keeps 1 to {TopCountMax} lines", "Write --combine top:10");
        }

        if (request.Combine != CombineKind.Top && request.TopCount != 0)
        {
            return Conflict("combine", "a count of lines is for top alone", "Write --combine top:10, or leave it out");
        }

        if (request.Combine == CombineKind.Files && request.Mode == RunMode.Range)
        {
            return Conflict(
                "combine",
                "files names one result after each item, but this program is called for ranges of any length",
                "Use {index} in the arguments, or combine in another way");
        }

        return request.Combine == CombineKind.Merge && request.Program.Kind == ProgramKind.Wasi
            ? Conflict(
                "combine",
                "merge calls the program's own merge function, which a WASI command does not have",
                "Use a kernel or a script, or combine in another way")
            : null;
    }

    private static Refusal? CheckLimits(JobLimits limits)
    {
        if (limits.FuelMax <= Fuel.Zero)
        {
            return Invalid("fuel-max", limits.FuelMax.ToString(), "the fuel limit is above zero", string.Empty);
        }

        if (limits.MemoryBytesMax is < JobLimits.MemoryBytesLowest or > JobLimits.MemoryBytesHighest)
        {
            return Invalid(
                "memory-max", $"{limits.MemoryBytesMax} bytes", "the limit is from 64 KiB to 4 GiB", string.Empty);
        }

        if (limits.TimeMax < TimeSpan.FromMilliseconds(10) || limits.TimeMax > TimeSpan.FromHours(24))
        {
            return Invalid("time-max", limits.TimeMax.ToString(), "the time limit is from 10 ms to 24 h", string.Empty);
        }

        return limits.OutputBytesMax is < 1 or > 256L << 20
            ? Invalid(
                "output-max", $"{limits.OutputBytesMax} bytes", "the limit is from 1 byte to 256 MiB", string.Empty)
            : null;
    }

    private static Refusal? CheckAcceptors(ImmutableArray<AcceptorRequest> acceptors)
    {
        if (acceptors.IsDefault || acceptors.Length > AcceptorCountMax)
        {
            return Invalid("acceptors", string.Empty, $"a job has at most {AcceptorCountMax} acceptors", string.Empty);
        }

        foreach (AcceptorRequest acceptor in acceptors)
        {
            if (acceptor is null || (acceptor.Webhook is null) == (acceptor.Folder is null))
            {
                return Invalid("acceptors", string.Empty, "an acceptor is a webhook or a folder", string.Empty);
            }

            if (acceptor.Webhook is { } webhook
                && (!webhook.IsAbsoluteUri || webhook.Scheme is not ("http" or "https") || webhook.UserInfo.Length > 0))
            {
                return Invalid(
                    "webhook",
                    webhook.OriginalString,
                    "a webhook is an absolute http or https address without a user name",
                    string.Empty);
            }

            if (acceptor.Folder is { } folder && !IsFolderName(folder))
            {
                return Invalid(
                    "folder",
                    folder,
                    "a delivery folder's name has 1 to 100 letters, digits, dots, dashes or underscores, no dot first",
                    string.Empty);
            }
        }

        return null;
    }

    private static bool IsNoText(string text) =>
        text.Length > ArgumentCharactersMax || text.Contains('\0', StringComparison.Ordinal);

    private static bool IsFolderName(string name) =>
        name.Length is > 0 and <= FolderCharactersMax
        && name[0] != '.'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    private static Refusal? CheckFileName(string field, string name) =>
        name.Length is 0 or > 255 || name is "." or ".." || name.AsSpan().ContainsAny('/', '\\', '\0')
            ? Invalid(field, name, "a file's name has 1 to 255 characters and no folder", "Rename the file")
            : null;

    private static Refusal? TooLong(string field, string value, int max) =>
        value.Length > max ? Invalid(field, value, $"at most {max} characters", "Shorten it") : null;

    private static Refusal Invalid(string field, string value, string rule, string remedy) =>
        new(RefusalCode.InvalidValue, field, value, rule, remedy);

    private static Refusal Missing(string field, string rule, string remedy = "") =>
        new(RefusalCode.Missing, field, string.Empty, rule, remedy);

    private static Refusal Conflict(string field, string rule, string remedy) =>
        new(RefusalCode.Conflict, field, string.Empty, rule, remedy);
}
