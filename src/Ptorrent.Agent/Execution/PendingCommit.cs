using Ptorrent.Link.Frames;

namespace Ptorrent.Agent.Execution;

/// <summary>A commit that waits for its upload, or for an earlier commit of its lease.</summary>
internal sealed class PendingCommit(Commit frame)
{
    public Commit Frame { get; } = frame;

    public bool IsReady => Frame.ResultCase != Commit.ResultOneofCase.None;
}
