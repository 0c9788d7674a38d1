using Ptorrent.Agent.Connection;
using Ptorrent.Agent.Device;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Nodes;

namespace Ptorrent.Simulation.Checks;

/// <summary>Every queue stays under its bound.</summary>
internal sealed class LimitChecker(World world)
{
    private const int UnstoredCountMax = 1 << 17;

    // A device stops when it is over its bound; what runs then comes on top.
    private const long HeldBytesSlack = 64L << 20;

    private static readonly DeviceLimits Device = new();
    private long _count;

    /// <summary>Something happened.</summary>
    public void OnStep()
    {
        // Queues grow by a few a step.
        if (++_count % 16 != 0)
        {
            return;
        }

        Require(world.Harbor.Disk.UnstoredCount <= UnstoredCountMax, "records that wait for the disk");
        foreach (Nodes.HarborLink link in world.Harbor.Process?.Links ?? [])
        {
            Require(link.OutboxCount <= link.OutboxCountMax, "frames for an agent");
        }

        foreach (AgentNode agent in world.Agents)
        {
            if (agent.Process is { } process)
            {
                Require((process.Link?.OutboxCount ?? 0) <= Outbox.CountMax, "frames for the harbor");
                Require(process.Device.HeldBytes <= Device.HeldBytesMax + HeldBytesSlack, "bytes held by a device");
                Require(process.RunCount <= 64 * agent.Options.SlotCount, "runs with the executors of a device");
            }
        }
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new CheckFailedException(nameof(LimitChecker), $"There are too many {what}.");
        }
    }
}
