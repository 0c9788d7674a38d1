using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Transports;

namespace Ptorrent.Bench;

/// <summary>The handshake of an agent that does not compute.</summary>
internal static class BenchAgent
{
    /// <summary>Connects and opens a window.</summary>
    /// <param name="harbor">Where.</param>
    /// <param name="number">Which agent it says it is.</param>
    /// <param name="windowFuel">The window; 0 takes no work.</param>
    public static async Task<WebSocketLink> ConnectAsync(HarborProcess harbor, ulong number, long windowFuel)
    {
        WebSocketLink link =
            await WebSocketLink.ConnectAsync(harbor.Address, harbor.AccessKey, CancellationToken.None);
        Hello hello = new()
        {
            Version = LinkLimits.Version,
            Agent = number,
            Name = "bench",
            Slots = 16,
            FuelPerSecond = 1e9,
            MemoryBytes = 1 << 30,
            Software = "bench",
        };
        await link.SendAsync(new Frame { Hello = hello }, CancellationToken.None);
        await link.ReceiveAsync(CancellationToken.None);
        await link.SendAsync(new Frame { Window = new Window { Fuel = windowFuel } }, CancellationToken.None);
        return link;
    }
}
