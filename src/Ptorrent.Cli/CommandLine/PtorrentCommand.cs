using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;
using Ptorrent.Cli.Commands;
using Ptorrent.Cli.Display;

namespace Ptorrent.Cli.CommandLine;

/// <summary>The command line as a whole.</summary>
internal static class PtorrentCommand
{
    /// <summary>The version of this program.</summary>
    public static string Version { get; } =
        typeof(PtorrentCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];

    /// <summary>Does what the command line says.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is ["--version"])
        {
            // Asked often by scripts; needs none of what follows.
            Console.WriteLine("ptorrent " + Version);
            return ExitCode.Success;
        }

        if (arguments is ["help", ..])
        {
            arguments = [.. arguments[1..], "--help"];
        }

        // What stands behind -- belongs to the program, and must not be taken for a mistyped option of ours.
        int dashes = Array.IndexOf(arguments, "--");
        string[] own = dashes < 0 ? arguments : arguments[..dashes];
        string[]? programs = dashes < 0 ? null : arguments[(dashes + 1)..];
        ParseResult result = Build(programs).Parse(own, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Action is { ClearsParseErrors: false } or null && UsageErrors.Describe(result) is { } wrong)
        {
            Terminal.Open(quiet: false).Fail(wrong);
            return ExitCode.Refused;
        }

        return await result.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    /// <summary>All commands.</summary>
    /// <param name="programArguments">What stood behind <c>--</c>; null where that was not given.</param>
    internal static RootCommand Build(string[]? programArguments)
    {
        GlobalOptionSet globals = new();
        RootCommand root = new("Share your performance: run heavy jobs on every machine of the household at once.");
        globals.AddTo(root);
        root.Subcommands.Add(MapCommand.Create(globals, programArguments));
        root.Subcommands.Add(RunCommand.Create(globals, programArguments));
        root.Subcommands.Add(JobsCommand.Create(globals));
        root.Subcommands.Add(JobCommand.Create(globals));
        root.Subcommands.Add(ResultsCommand.Create(globals));
        root.Subcommands.Add(CancelCommand.Create(globals));
        root.Subcommands.Add(NetworkCommand.Create(globals));
        root.Subcommands.Add(HarborCommand.Create(globals));
        root.Subcommands.Add(AgentCommand.Create(globals));
        root.Subcommands.Add(UpCommand.Create(globals));
        root.Subcommands.Add(DemoCommand.Create(globals));
        root.Subcommands.Add(CompletionCommand.Create(globals));
        foreach (Option option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction ordinary } help)
            {
                help.Action = new HelpWithExamples(ordinary, Examples.ByCommand);
            }
        }

        return root;
    }
}
