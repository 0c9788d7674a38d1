using Ptorrent.Model.Jobs;

namespace Ptorrent.Cli.Display;

/// <summary>Says a line every few seconds, more often in the beginning: for logs, and for screens that cannot be
/// written over.</summary>
internal sealed class PlainDisplay(Terminal terminal, TimeProvider time) : ProgressDisplay
{
    private const int EarlyLineCount = 5;

    private static readonly TimeSpan EarlyPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    public override async Task ShowWhileAsync(Func<Action<JobStatus>, Task> work)
    {
        RateMeter rate = new(time);
        JobStatus? latest = null;
        int lineCount = 0;
        Task working = work(status => Volatile.Write(ref latest, status));

        // By the clock, not by the reports: a job that waits reports nothing, and a person must be told why it waits.
        using PeriodicTimer timer = new(EarlyPause, time);
        while (await Task.WhenAny(working, timer.WaitForNextTickAsync().AsTask()) != working)
        {
            if (Volatile.Read(ref latest) is { } status)
            {
                terminal.Note(ProgressText.Of(status, rate.Update(status.FragmentsDone)));
                timer.Period = ++lineCount < EarlyLineCount ? EarlyPause : Pause;
            }
        }

        await working;
    }
}
