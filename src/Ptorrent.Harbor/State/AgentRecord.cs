using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>An agent that is connected.</summary>
internal sealed class AgentRecord(ChildId child, AgentId id, string name, int slotCount, DateTimeOffset connectedAt)
{
    private ReceiptBook? _receipts;

    public ChildId Child { get; } = child;

    public AgentId Id { get; } = id;

    public string Name { get; } = name;

    public int SlotCount { get; } = slotCount;

    public DateTimeOffset ConnectedAt { get; } = connectedAt;

    /// <summary>The window that it opened last.</summary>
    public Fuel Window { get; set; } = Fuel.Zero;

    /// <summary>What it is to be told of its commits. Most agents of a large network are idle and have none.</summary>
    public ReceiptBook Receipts => _receipts ??= new ReceiptBook();

    /// <summary>Whether it is to be told now.</summary>
    public bool IsReceiptDue { get; set; }
}
