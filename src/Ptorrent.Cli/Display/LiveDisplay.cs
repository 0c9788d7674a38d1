using Ptorrent.Model.Jobs;

namespace Ptorrent.Cli.Display;

/// <summary>A live line with a bar, on a terminal.</summary>
internal sealed class LiveDisplay(TimeProvider time) : ProgressDisplay
{
    public override Task ShowWhileAsync(Func<Action<JobStatus>, Task> work)
    {
        RateMeter rate = new(time);
        ProgressLine line = new();
        return LiveScreen.ShowWhileAsync(
            line,
            keep: false,
            time,
            () => work(status => line.Update(status, rate.Update(status.FragmentsDone))));
    }
}
