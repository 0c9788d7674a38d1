using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Sandbox.Frames;

/// <summary>What an executor says, read but not believed.</summary>
internal abstract record ExecutorFrame
{
    private ExecutorFrame()
    {
    }

    internal sealed record Ready(uint Version, string Engine) : ExecutorFrame;

    internal sealed record Loaded(uint Program, bool HasMerge) : ExecutorFrame;

    internal sealed record Refused(uint Program, TrapCode Trap, string Message) : ExecutorFrame;

    internal sealed record Done(ulong Run, Fuel Burnt, TimeSpan Time, ReadOnlyMemory<byte> Segment) : ExecutorFrame;

    internal sealed record Failed(ulong Run, long Index, TrapCode Trap, Fuel Burnt, TimeSpan Time, string Message)
        : ExecutorFrame;
}
