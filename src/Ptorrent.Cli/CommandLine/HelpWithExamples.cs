using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ptorrent.Cli.CommandLine;

/// <summary>The help text of a command with its examples, and the exit codes at the end.</summary>
internal sealed class HelpWithExamples(HelpAction ordinary, IReadOnlyDictionary<string, string> examples)
    : SynchronousCommandLineAction
{
    private const string ExitCodes = """
        Exit codes:
          0  all went well
          1  the job, its program or this machine failed
          2  wrong usage, or a rule refused it
          3  no harbor could be reached
          130  interrupted
        """;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        ordinary.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (examples.TryGetValue(parseResult.CommandResult.Command.Name, out string? text))
        {
            output.WriteLine("Examples:");
            foreach (string line in text.Split('\n'))
            {
                output.WriteLine(line.Length == 0 ? string.Empty : "  " + line);
            }

            output.WriteLine();
        }

        output.WriteLine(ExitCodes);
        return ExitCode.Success;
    }
}
