using Ptorrent.Model.Jobs;
using Spectre.Console;

namespace Ptorrent.Cli.Display;

/// <summary>A live line with a bar, on a terminal.</summary>
internal sealed class LiveDisplay(TimeProvider time) : ProgressDisplay
{
    public override async Task ShowWhileAsync(Func<Action<JobStatus>, Task> work)
    {
        IAnsiConsole console = LiveConsole.Create();
        RateMeter rate = new(time);
        ProgressLine line = new();
        await console.Live(line).AutoClear(true).StartAsync(async context =>
        {
            void Show(JobStatus status)
            {
                line.Update(status, rate.Update(status.FragmentsDone));
                context.Refresh();
            }

            await work(Show);
        });
    }
}
