using System.CommandLine;
using System.CommandLine.Parsing;

namespace Ptorrent.Cli.CommandLine;

/// <summary>Says in one line what is wrong with a command line.</summary>
internal static class UsageErrors
{
    /// <summary>The first thing that is wrong, or null.</summary>
    public static string? Describe(ParseResult result)
    {
        Command command = result.CommandResult.Command;
        if (result.UnmatchedTokens.Count > 0)
        {
            return DescribeUnknown(command, result.UnmatchedTokens[0]);
        }

        if (result.Errors.Count == 0)
        {
            return null;
        }

        ParseError error = result.Errors[0];
        return error.SymbolResult switch
        {
            OptionResult { Tokens.Count: 0 } option =>
                option.Option.HelpName is { } name
                    ? $"{option.Option.Name} needs a value, {name}"
                    : $"{option.Option.Name} needs a value",
            OptionResult { Tokens.Count: > 1 } option => $"{option.Option.Name} is given more than once",
            ArgumentResult { Tokens.Count: 0 } argument => Missing(command, argument.Argument),
            CommandResult { Command: RootCommand } => "a command is missing. See ptorrent --help",
            CommandResult { Command.Arguments: [{ } first, ..] } => Missing(command, first),
            _ => error.Message.TrimEnd('.'),
        };
    }

    private static string Missing(Command command, Argument argument) =>
        $"{command.Name} needs {argument.Name.ToUpperInvariant()}. See ptorrent {command.Name} --help";

    private static string DescribeUnknown(Command command, string token)
    {
        if (token.StartsWith('-') && token.Length > 1)
        {
            string option = token.Split('=')[0];
            IEnumerable<string> known = Lineage(command)
                .SelectMany(c => c.Options.Where(o => !o.Hidden && (o.Recursive || c == command)))
                .SelectMany(o => o.Aliases.Prepend(o.Name));
            return Suggestions.Nearest(option, known) is { } nearest
                ? $"there is no option '{option}'. Did you mean {nearest}?"
                : $"there is no option '{option}'. See ptorrent {command.Name} --help".Replace(
                    "ptorrent ptorrent", "ptorrent", StringComparison.Ordinal);
        }

        if (command is RootCommand)
        {
            IEnumerable<string> commands = command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name);
            return Suggestions.Nearest(token, commands) is { } nearest
                ? $"there is no command '{token}'. Did you mean {nearest}?"
                : $"there is no command '{token}'. See ptorrent --help";
        }

        string remedy = command.Arguments.Count > 0 && command.Name is "map" or "run"
            ? ". The program's own arguments stand after --"
            : string.Empty;
        return $"'{token}' is one argument too many{remedy}";
    }

    private static IEnumerable<Command> Lineage(Command command)
    {
        for (Symbol? symbol = command; symbol is Command current; symbol = symbol.Parents.FirstOrDefault())
        {
            yield return current;
        }
    }
}
