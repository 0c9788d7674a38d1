using System.Collections.Immutable;
using System.CommandLine;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Cli.Jobs;

/// <summary>The options of <c>map</c> and <c>run</c>: one for each field of a job, and the job file.</summary>
internal sealed class JobOptionSet
{
    private readonly Argument<string?> _program = new("program")
    {
        Description = "A .wasm module (a WASI command or a kernel) or a .ts, .js or .mjs script.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _jobFile = new("--job")
    {
        Description = "A job file: YAML with these options as keys, program and arguments. Options override it.",
        HelpName = "FILE",
    };

    private readonly ImmutableArray<(JobField Field, Option<string[]> Option)> _fields =
        [.. JobFields.Options.Select(field => (field, MakeOption(field)))];

    public void AddTo(Command command)
    {
        command.Arguments.Add(_program);
        foreach ((_, Option<string[]> option) in _fields)
        {
            command.Options.Add(option);
        }

        command.Options.Add(_jobFile);
    }

    /// <summary>What the command line, and the job file that it names, say about the job.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="programArguments">What stood behind <c>--</c>; null where that was not given.</param>
    /// <exception cref="RefusedException">A value, or the job file, is wrong.</exception>
    public JobOptions Read(ParseResult result, string[]? programArguments)
    {
        JobOptions options = new()
        {
            Program = result.GetValue(_program),
            Arguments = programArguments is null ? null : [.. programArguments],
        };
        foreach ((JobField field, Option<string[]> option) in _fields)
        {
            string[] values = result.GetValue(option) ?? [];
            if (field.Shape == JobFieldShape.One && values.Length > 1)
            {
                throw new RefusedException(new Refusal(
                    RefusalCode.Conflict, field.Name, values[1], "it is given more than once", string.Empty));
            }

            options = values.Aggregate(options, field.Set);
        }

        return result.GetValue(_jobFile) is { } path ? JobFile.Load(path).OverriddenBy(options) : options;
    }

    private static Option<string[]> MakeOption(JobField field)
    {
        Option<string[]> option = new("--" + field.Name)
        {
            Description = field.Help,
            HelpName = field.ValueName,
            Arity = ArgumentArity.OneOrMore,

            // A shell that expands a pattern by itself puts several files behind one option.
            AllowMultipleArgumentsPerToken = string.Equals(field.Name, JobFields.FilesName, StringComparison.Ordinal),
        };
        if (string.Equals(field.Name, JobFields.OutName, StringComparison.Ordinal))
        {
            option.Aliases.Add("-o");
        }

        string[] words = field.Name switch
        {
            "combine" => ["concat", "lines", "files", "sum", "min", "max", "merge"],
            "kind" => ["wasi", "kernel", "script"],
            _ => [],
        };
        option.CompletionSources.Add(words);
        return option;
    }
}
