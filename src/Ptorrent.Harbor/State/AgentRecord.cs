using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>An agent that is connected.</summary>
internal sealed class AgentRecord(ChildId child, AgentId id, string name, int slotCount, DateTimeOffset connectedAt)
{
    public ChildId Child { get; } = child;

    public AgentId Id { get; } = id;

    public string Name { get; } = name;

    public int SlotCount { get; } = slotCount;

    public DateTimeOffset ConnectedAt { get; } = connectedAt;

    /// <summary>The window that it opened last.</summary>
    public Fuel Window { get; set; } = Fuel.Zero;
}
