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

    /// <summary>Ask the child to give back the lease's tail: the effect's range is what is wanted back. The child
    /// answers with where what it keeps ends.</summary>
    Revoke = 4,
}
