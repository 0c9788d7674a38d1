using System.Collections.Immutable;
using Ptorrent.Agent.Connection;
using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;

namespace Ptorrent.Agent.Execution;

/// <summary>What comes into the loop that owns the device.</summary>
internal abstract record LoopInput
{
    private LoopInput()
    {
    }

    /// <summary>Something that the device's state knows.</summary>
    public sealed record Happened(DeviceEvent Event) : LoopInput;

    /// <summary>A harbor has welcomed the device; its session is the loop's from here on.</summary>
    public sealed record LinkUp(HarborLink Link) : LoopInput;

    /// <summary>A frame came on a link.</summary>
    public sealed record FrameCame(HarborLink Link, Frame Frame) : LoopInput;

    /// <summary>A link has ended.</summary>
    public sealed record LinkDown(HarborLink Link) : LoopInput;

    /// <summary>A greeting is about to be sent: what does the device hold?</summary>
    public sealed record HoldingsAsked(TaskCompletionSource<ImmutableArray<Holding>> Answer) : LoopInput;

    /// <summary>The timer went off, or a core has something to tell.</summary>
    public sealed record Woken : LoopInput;
}
