using System.CommandLine;
using Ptorrent.Cli.CommandLine;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent completion SHELL</c>: a script for the shell, which asks ptorrent itself what may
/// follow.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _ptorrent() {
            local line="${COMP_LINE:0:COMP_POINT}" word="${COMP_WORDS[COMP_CWORD]}"
            local IFS=$'\n'
            local words="$(ptorrent "[suggest:${#line}]" "$line" 2>/dev/null)"
            if [[ "$word" == -* || $COMP_CWORD -eq 1 ]]; then
                COMPREPLY=($(compgen -W "$words" -- "$word"))
            else
                COMPREPLY=($(compgen -W "$(grep -v '^-' <<<"$words")" -- "$word") $(compgen -f -- "$word"))
            fi
        }
        complete -o filenames -F _ptorrent ptorrent
        """;

    private const string Zsh = """
        #compdef ptorrent
        _ptorrent() {
            local line="${BUFFER[1,CURSOR]}"
            local -a words
            words=("${(@f)$(ptorrent "[suggest:${#line}]" "$line" 2>/dev/null)}")
            compadd -- ${words:#}
            [[ "$PREFIX" == -* || $CURRENT -eq 2 ]] || _files
        }
        compdef _ptorrent ptorrent
        """;

    private const string Fish = """
        function __ptorrent_complete
            set -l line (commandline -cp)
            ptorrent "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c ptorrent -n '__fish_is_nth_token 1' -f
        complete -c ptorrent -a '(__ptorrent_complete)'
        """;

    public static Command Create(GlobalOptionSet globals)
    {
        Argument<string> shell = new("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        Command command = new("completion", "Write a completion script for a shell.") { shell };
        CommandBody.Set(command, globals, (_, result, _) =>
        {
            Console.Out.WriteLine(result.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }
}
