using Ptorrent.Work.Leasing;

namespace Ptorrent.Agent.Device;

/// <summary>A work among the slots: a part of a lease's range, or a merge of its pieces, which is one index.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Lease">Whose.</param>
/// <param name="MergeCount">How many of the lease's first pieces it merges; 0 for a part of the range.</param>
internal sealed record CoreWork(WorkId Id, DeviceLease Lease, int MergeCount)
{
    public bool IsMerge => MergeCount > 0;
}
