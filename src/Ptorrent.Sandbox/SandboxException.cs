using Ptorrent.Model;

namespace Ptorrent.Sandbox;

/// <summary>
/// No executor can be started or kept on this machine: the runtime is missing, the executor's script is missing, or
/// what was started does not speak the executor protocol. Never a program's fault: that is a <see
/// cref="RunOutcome.Failed"/>.
/// </summary>
/// <param name="message">What happened and what to do about it, as sentences.</param>
/// <param name="inner">What the operating system said, where it said anything.</param>
public sealed class SandboxException(string message, Exception? inner = null) : PtorrentException(message, inner)
{
    /// <summary>Always true: a machine that is short of memory or processes now may start an executor later.</summary>
    public override bool IsTransient => true;
}
