using System.Collections.Immutable;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Cli.Jobs;

/// <summary>A job before it is run anywhere: everything that it names exists and fits together.</summary>
/// <param name="Options">What was said.</param>
/// <param name="Program">The program.</param>
/// <param name="InputPaths">The input files; empty for a job over a range.</param>
internal sealed record JobPlan(JobOptions Options, ProgramFile Program, ImmutableArray<string> InputPaths)
{
    /// <summary>Looks up what the options name.</summary>
    /// <exception cref="RefusedException">Something is missing, or breaks a rule.</exception>
    public static JobPlan Make(JobOptions options)
    {
        string path = options.Program
            ?? throw Missing(
                "program", "no program is named", "Give a .wasm module or a script: ptorrent map PROGRAM …");
        if (options.Over is not null && options.Files is not null)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.Conflict, "files", string.Empty, "a job is over a range or over files, not both",
                "Leave out --over or --files"));
        }

        if (options.Over is null && options.Files is null)
        {
            throw Missing(
                "over", "a job needs a range of indices or a list of files", "Give --over A..B or --files GLOB");
        }

        // A mistake in the options is told before a large module is read and checked.
        ProgramFile program = ProgramFile.Load(path, options.Kind);
        JobPlan plan = new(options, program, FindFiles(options.Files ?? []));
        plan.ToRequest(new JobId(1), [.. plan.InputPaths.Select(Placeholder)]);
        return plan;
    }

    /// <summary>The request for the plan's job.</summary>
    /// <param name="id">The job's id.</param>
    /// <param name="files">The inputs, in the order of <see cref="InputPaths"/>.</param>
    /// <exception cref="RefusedException">It breaks a rule.</exception>
    public JobRequest ToRequest(JobId id, ImmutableArray<InputFile> files) =>
        JobRequestBuilder.Build(id, Options, Program.Reference, files);

    /// <summary>An input by its name alone, where its content is not asked for by digest.</summary>
    public static InputFile Placeholder(string path) =>
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
