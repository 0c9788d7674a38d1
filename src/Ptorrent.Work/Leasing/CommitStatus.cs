namespace Ptorrent.Work.Leasing;

/// <summary>What became of a commit, in order of precedence.</summary>
public enum CommitStatus
{
    /// <summary>It counts.</summary>
    Accepted = 1,

    /// <summary>No such lease, or it is another child's: cancelled, given to somebody else, or never granted.</summary>
    UnknownLease = 2,

    /// <summary>The lease has another epoch.</summary>
    StaleEpoch = 3,

    /// <summary>It names an end that is not beyond what was committed, or beyond the lease.</summary>
    OutsideLease = 4,

    /// <summary>Another child was given the same indices and is further; this lease is cancelled.</summary>
    LostToTwin = 5,
}
