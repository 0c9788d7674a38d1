using System.Collections.Immutable;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Work.Lines;

namespace Ptorrent.Cli.Jobs;

/// <summary>A job before it is run anywhere: everything that it names exists and fits together.</summary>
/// <param name="Options">What was said.</param>
/// <param name="Program">The program.</param>
/// <param name="InputPaths">The input files; empty for a job over a range or over lines.</param>
/// <param name="Lines">The index of the file of lines; null where the job is not over lines.</param>
internal sealed record JobPlan(
    JobOptions Options, ProgramFile Program, ImmutableArray<string> InputPaths, LineIndex? Lines)
{
    /// <summary>Looks up what the options name.</summary>
    /// <exception cref="RefusedException">Something is missing, or breaks a rule.</exception>
    public static JobPlan Make(JobOptions options)
    {
        string path = options.Program
            ?? throw Missing(
                "program", "no program is named", "Give a .wasm module or a script: ptorrent map PROGRAM …");
        int given = (options.Over is null ? 0 : 1) + (options.Files is null ? 0 : 1) + (options.Lines is null ? 0 : 1);
        if (given > 1)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.Conflict, "files", string.Empty, "a job is over a range, over files or over lines",
                "Give one of --over, --files and --lines"));
        }

        if (given == 0)
        {
            throw Missing(
                "over",
                "a job needs a range of indices, a list of files or a file of lines",
                "Give --over A..B, --files GLOB or --lines FILE");
        }

        // A mistake in the options is told before a large module is read and checked.
        ProgramFile program = ProgramFile.Load(path, options.Kind);
        LineIndex? lines = options.Lines is { } file ? LineFile.ReadIndex(file) : null;
        JobPlan plan = new(options, program, FindFiles(options.Files ?? []), lines);
        plan.ToLocalRequest(new JobId(1));
        return plan;
    }

    /// <summary>The request for the plan's job.</summary>
    /// <param name="id">The job's id.</param>
    /// <param name="files">The inputs, in the order of <see cref="InputPaths"/>.</param>
    /// <param name="lines">The file of lines; null where there is none.</param>
    /// <exception cref="RefusedException">It breaks a rule.</exception>
    public JobRequest ToRequest(JobId id, ImmutableArray<InputFile> files, InputFile? lines) => JobRequestBuilder.Build(
        id, Options, Program.Reference, files, lines is null ? null : new InputLines(lines, Lines?.Count ?? 0));

    /// <summary>The request for the plan's job on this machine, where no content is asked for by digest.</summary>
    /// <exception cref="RefusedException">It breaks a rule.</exception>
    public JobRequest ToLocalRequest(JobId id) => ToRequest(
        id, [.. InputPaths.Select(Placeholder)], Options.Lines is { } lines ? Placeholder(lines) : null);

    private static InputFile Placeholder(string path) =>
        new(Path.GetFileName(path), default, new FileInfo(path).Length);

    private static ImmutableArray<string> FindFiles(ImmutableArray<string> patterns)
    {
        SortedSet<string> found = new(StringComparer.Ordinal);
        foreach (string pattern in patterns)
        {
            IReadOnlyList<string> matches = Glob.Expand(pattern);
            if (matches.Count == 0)
            {
                throw new RefusedException(new Refusal(
                    RefusalCode.NotFound, "files", pattern, ReasonForNone(pattern), string.Empty));
            }

            found.UnionWith(matches);
        }

        return [.. found];
    }

    private static string ReasonForNone(string pattern) => pattern switch
    {
        _ when Directory.Exists(pattern) => $"it is a folder; for the files in it write '{Path.Combine(pattern, "*")}'",
        _ when File.Exists(pattern) && !RegularFile.Exists(pattern) => "it is no regular file",
        _ when Glob.IsPattern(pattern) => "no file matches",
        _ => "there is no such file",
    };

    private static RefusedException Missing(string field, string rule, string remedy) =>
        new(new Refusal(RefusalCode.Missing, field, string.Empty, rule, remedy));
}
