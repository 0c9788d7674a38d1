using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ptorrent.Cli.Display;

/// <summary>Draws something on standard error again and again while some work goes on.</summary>
internal static class LiveScreen
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Draws <paramref name="picture"/> until <paramref name="work"/> ends; throws what that throws.</summary>
    /// <param name="picture">What is drawn; may change from one drawing to the next.</param>
    /// <param name="keep">Whether the last drawing stays on the screen.</param>
    /// <param name="time">The clock.</param>
    /// <param name="work">What goes on meanwhile.</param>
    public static Task ShowWhileAsync(IRenderable picture, bool keep, TimeProvider time, Func<Task> work)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            Ansi = AnsiSupport.Detect,
            ColorSystem = ColorSystemSupport.Detect,
        });
        return console.Live(picture).AutoClear(!keep).StartAsync(async live =>
        {
            Task working = work();
            using PeriodicTimer timer = new(Pause, time);
            (int Width, int Height) size = SizeOf(console);
            while (await Task.WhenAny(working, timer.WaitForNextTickAsync().AsTask()) != working)
            {
                if (SizeOf(console) != size)
                {
                    // The terminal has broken the lines anew, so nobody knows where the last drawing begins.
                    console.Clear(home: true);
                    size = SizeOf(console);
                }

                live.Refresh();
            }

            live.Refresh();
            await working;
        });
    }

    private static (int Width, int Height) SizeOf(IAnsiConsole console) =>
        (console.Profile.Width, console.Profile.Height);
}
