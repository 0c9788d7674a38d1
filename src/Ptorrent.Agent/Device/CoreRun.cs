using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Agent.Device;

/// <summary>A run or a merge that a slot has.</summary>
internal sealed record CoreRun(ChildId Slot, CoreWork Work, IndexRange Range)
{
    public DeviceLease Lease => Work.Lease;
}
