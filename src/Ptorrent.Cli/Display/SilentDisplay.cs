using Ptorrent.Model.Jobs;

namespace Ptorrent.Cli.Display;

/// <summary>Shows nothing.</summary>
internal sealed class SilentDisplay : ProgressDisplay
{
    public override Task ShowWhileAsync(Func<Action<JobStatus>, Task> work) => work(_ => { });
}
