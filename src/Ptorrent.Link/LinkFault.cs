namespace Ptorrent.Link;

/// <summary>
/// What a peer did against the protocol, as a number that never changes its meaning: docs/protocol/link.md has the
/// table. The reason of the close frame begins with it: <c>L11 …</c>. Numbers are only ever added.
/// </summary>
public enum LinkFault
{
    /// <summary>A number that this version does not know.</summary>
    Unknown = 0,

    /// <summary>A message has more bytes than a frame may have.</summary>
    FrameTooLarge = 1,

    /// <summary>A message is no frame: text, or bytes that cannot be read.</summary>
    NotAFrame = 2,

    /// <summary>A value in the frame is outside its bounds.</summary>
    FrameInvalid = 3,

    /// <summary>This end of a link does not send such a frame.</summary>
    WrongSide = 4,

    /// <summary>A frame before the handshake, a second greeting, or an answer to none.</summary>
    HandshakeOrder = 5,

    /// <summary>The peer speaks another version.</summary>
    OtherVersion = 6,

    /// <summary>A grant of a lease that is held already.</summary>
    LeaseHeldAlready = 7,

    /// <summary>More leases than a link holds.</summary>
    TooManyLeases = 8,

    /// <summary>A grant of a job that was not described.</summary>
    JobNotDescribed = 9,

    /// <summary>A word about a lease that the child does not hold and did not lose by a cancellation.</summary>
    LeaseNotHeld = 10,

    /// <summary>A commit or a receipt that goes backwards, beyond the lease, or beyond what was committed.</summary>
    PrefixOutsideLease = 11,

    /// <summary>A report with another epoch than the lease's.</summary>
    OtherEpoch = 12,

    /// <summary>A merge that is not committed as a whole, or is to be cut.</summary>
    MergeInPieces = 13,

    /// <summary>A revoke outside the lease, or before the last one was answered.</summary>
    RevokeMisplaced = 14,

    /// <summary>A keep that answers no revoke, or keeps too little or too much.</summary>
    KeepMisplaced = 15,

    /// <summary>A failure at an index outside the lease.</summary>
    FailureOutsideLease = 16,

    /// <summary>An answer to a holding that is not there or is another job's, or other work before all are
    /// answered.</summary>
    HoldingMisplaced = 17,

    /// <summary>What was committed is no segment of its kind, or its blob is not there.</summary>
    SegmentInvalid = 18,

    /// <summary>The peer does not read what it is sent.</summary>
    NotReading = 19,

    /// <summary>The greeting did not come in time.</summary>
    GreetingLate = 20,
}
