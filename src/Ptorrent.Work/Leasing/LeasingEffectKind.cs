namespace Ptorrent.Work.Leasing;

/// <summary>What a node does after an event.</summary>
public enum LeasingEffectKind
{
    /// <summary>Hand the lease to the child.</summary>
    Grant = 1,

    /// <summary>Tell the child to drop the lease.</summary>
    Cancel = 2,

    /// <summary>All of the work is committed; the node has forgotten it. Lease and child are not set.</summary>
    Complete = 3,
}
