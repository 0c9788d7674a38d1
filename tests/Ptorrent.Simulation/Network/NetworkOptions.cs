namespace Ptorrent.Simulation.Network;

/// <summary>What lines between agents and the harbor are like.</summary>
internal sealed record NetworkOptions
{
    /// <summary>The least time that bytes take in one direction.</summary>
    public required TimeSpan DelayMin { get; init; }

    /// <summary>The mean of what comes on top, exponentially distributed.</summary>
    public required TimeSpan DelayMean { get; init; }

    /// <summary>Bytes a second in one direction.</summary>
    public required double BytesPerSecond { get; init; }

    /// <summary>Bytes that a direction holds before its sender waits.</summary>
    public required long BufferBytesMax { get; init; }

    /// <summary>The longest time after which an end notices that the line is dead without a word.</summary>
    public required TimeSpan NoticeTimeMax { get; init; }
}
