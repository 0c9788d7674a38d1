using Ptorrent.Model.Identity;

namespace Ptorrent.Agent.Blobs;

/// <summary>How an agent hands blobs on to others on its local network.</summary>
/// <param name="Agent">Who it is.</param>
/// <param name="Port">Where it listens; 0 is any free port.</param>
internal sealed record SharingOptions(AgentId Agent, int Port)
{
    /// <summary>Bytes that are handed on each second, at most. Default 64 MiB: half of an ordinary home network.
    /// </summary>
    public long BytesPerSecondMax { get; init; } = 64L << 20;

    /// <summary>How long a piece may take from another agent. Default 10 s.</summary>
    public TimeSpan PieceTimeMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the harbor may keep an agent waiting that can fetch nothing now. Default 10 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);
}
