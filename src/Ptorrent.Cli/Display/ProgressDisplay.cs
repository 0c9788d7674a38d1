using Ptorrent.Model.Jobs;

namespace Ptorrent.Cli.Display;

/// <summary>Shows how a job comes along while it does.</summary>
internal abstract class ProgressDisplay
{
    /// <summary>What suits the terminal: a live line, plain lines now and then, or nothing.</summary>
    public static ProgressDisplay For(Terminal terminal, bool json, TimeProvider time) => (terminal, json) switch
    {
        ({ IsQuiet: true }, _) or (_, true) => new SilentDisplay(),
        ({ IsInteractive: true }, _) => new LiveDisplay(time),
        _ => new PlainDisplay(terminal, time),
    };

    /// <summary>Shows what <paramref name="work"/> reports, until it ends. The screen is as before when this returns or
    /// throws.</summary>
    public abstract Task ShowWhileAsync(Func<Action<JobStatus>, Task> work);
}
