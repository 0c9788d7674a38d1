using Ptorrent.Model.Jobs;

namespace Ptorrent.Cli.Display;

/// <summary>Says a line now and then: for logs, and for screens that cannot be written over.</summary>
internal sealed class PlainDisplay(Terminal terminal, TimeProvider time) : ProgressDisplay
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    public override Task ShowWhileAsync(Func<Action<JobStatus>, Task> work)
    {
        RateMeter rate = new(time);
        long lastAt = time.GetTimestamp();
        TimeSpan pause = FirstPause;
        string? lastWaiting = null;

        void Show(JobStatus status)
        {
            double fragmentsPerSecond = rate.Update(status.FragmentsDone);
            bool waitsAnew = status.Waiting is not null
                && !string.Equals(status.Waiting, lastWaiting, StringComparison.Ordinal);
            lastWaiting = status.Waiting;
            if (waitsAnew || time.GetElapsedTime(lastAt) >= pause)
            {
                pause = waitsAnew ? pause : Pause;
                lastAt = time.GetTimestamp();
                terminal.Note(ProgressText.Of(status, fragmentsPerSecond));
            }
        }

        return work(Show);
    }
}
