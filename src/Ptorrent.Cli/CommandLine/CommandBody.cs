using System.CommandLine;
using Ptorrent.Cli.Display;

namespace Ptorrent.Cli.CommandLine;

/// <summary>Gives a command its action: options read, signals heeded, errors told, an exit code.</summary>
internal static class CommandBody
{
    private const string ShowStackVariable = "PTORRENT_DEBUG";

    /// <summary>Lets <paramref name="body"/> be what the command does. Its token is cancelled by Ctrl-C and its like.
    /// </summary>
    public static void Set(
        Command command,
        GlobalOptionSet globals,
        Func<CommandContext, ParseResult, CancellationToken, Task<int>> body)
    {
        command.SetAction(async (result, _) =>
        {
            GlobalOptions options = globals.Read(result);
            Terminal terminal = Terminal.Open(options.Quiet);
            using Interruption interruption = new();
            try
            {
                CommandContext context = new(options, terminal, TimeProvider.System);
                return await body(context, result, interruption.Token);
            }
            catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
            {
                terminal.Note("interrupted");
                return ExitCode.Interrupted;
            }
            catch (Exception error)
            {
                // The edge: whatever went wrong is told here, once, and becomes an exit code.
                (string text, int exitCode) = ErrorText.Describe(error);
                terminal.Fail(text);
                if (Environment.GetEnvironmentVariable(ShowStackVariable) is { Length: > 0 })
                {
                    terminal.Fail(error.ToString());
                }

                return exitCode;
            }
        });
    }
}
