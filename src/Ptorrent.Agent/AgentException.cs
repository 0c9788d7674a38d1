using Ptorrent.Model;

namespace Ptorrent.Agent;

/// <summary>The agent's home cannot be used: another agent has it, its identity is unreadable, the disk
/// refuses.</summary>
/// <param name="message">What happened and what to do about it, as sentences.</param>
/// <param name="inner">What the operating system said, where it said anything.</param>
public sealed class AgentException(string message, Exception? inner = null) : PtorrentException(message, inner)
{
    /// <inheritdoc/>
    public override bool IsTransient => false;
}
