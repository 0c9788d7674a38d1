namespace Ptorrent.Sandbox.Frames;

/// <summary>The types of frames, docs/protocol/executor.md. The two directions number their types separately.</summary>
internal static class FrameType
{
    internal const byte Load = 1, Run = 2, Merge = 3, Unload = 4;

    internal const byte Ready = 1, Loaded = 2, Refused = 3, Done = 4, Failed = 5;
}
