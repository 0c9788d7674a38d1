namespace Ptorrent.Sandbox.Frames;

/// <summary>Bounds of frames, in bytes unless the name says otherwise.</summary>
internal static class FrameLimits
{
    internal const int HeaderBytes = 5;

    internal const long BodyToExecutorBytesMax = 320L << 20;

    internal const long BodyFromExecutorBytesMax = 272L << 20;

    /// <summary>READY, LOADED, REFUSED and FAILED: numbers and a text of 4,096 characters.</summary>
    internal const int SmallBodyBytesMax = 32 * 1024;

    /// <summary>Bytes that DONE has beyond its segment.</summary>
    internal const int DoneFixedBytes = 28;
}
