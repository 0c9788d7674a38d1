using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Network;

/// <summary>One agent as the harbor sees it now.</summary>
public sealed record AgentStatus
{
    /// <summary>Which agent.</summary>
    public required AgentId Id { get; init; }

    /// <summary>Its name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Executor slots that it gives.</summary>
    public required int SlotCount { get; init; }

    /// <summary>Slots at work, as far as the leases it holds tell.</summary>
    public required int BusySlotCount { get; init; }

    /// <summary>Measured speed of all its slots together, in fuel a second.</summary>
    public required double FuelPerSecond { get; init; }

    /// <summary>Since when it is connected, in UTC.</summary>
    public required DateTimeOffset ConnectedAt { get; init; }
}
