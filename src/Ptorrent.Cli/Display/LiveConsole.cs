using Spectre.Console;

namespace Ptorrent.Cli.Display;

/// <summary>Standard error as a console that can be drawn on.</summary>
internal static class LiveConsole
{
    public static IAnsiConsole Create() => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(Console.Error),
        Ansi = AnsiSupport.Detect,
        ColorSystem = ColorSystemSupport.Detect,
    });
}
