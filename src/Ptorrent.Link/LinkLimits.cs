using Ptorrent.Model.Jobs;

namespace Ptorrent.Link;

/// <summary>The bounds of the link protocol, the same on both ends. They belong to version 1:
/// docs/protocol/link.md.</summary>
public static class LinkLimits
{
    /// <summary>The version of the protocol that this code speaks.</summary>
    public const int Version = 1;

    /// <summary>The path of the WebSocket at the harbor.</summary>
    public const string Path = "/link";

    /// <summary>The largest frame, in bytes.</summary>
    public const int FrameBytesMax = 1 << 20;

    /// <summary>The largest result or part that travels in a frame, in bytes; a larger one is a blob.</summary>
    public const int InlineBytesMax = 64 * 1024;

    /// <summary>All inline parts of one grant together, in bytes.</summary>
    public const int PartsInlineBytesMax = 256 * 1024;

    /// <summary>A job's description, in bytes as encoded. A harbor refuses a job that has a larger one.</summary>
    public const int DescriptionBytesMax = 512 * 1024;

    /// <summary>Inputs in one grant, so indices in one lease of a job over files.</summary>
    public const int InputCountMax = 256;

    /// <summary>Parts in one grant.</summary>
    public const int PartCountMax = 256;

    /// <summary>Executor slots of one child.</summary>
    public const int SlotCountMax = 65_536;

    /// <summary>
    /// Jobs whose description a child keeps: those that were granted last. The parent counts along and sends the
    /// description again with a grant of any other.
    /// </summary>
    public const int DescribedJobCountMax = 256;

    /// <summary>Leases that one child holds at the same time.</summary>
    public const int LeaseCountMax = 262_144;

    /// <summary>Leases of an earlier link that a child names in its greeting.</summary>
    public const int HoldingCountMax = 4_096;

    /// <summary>A greeting, in bytes as encoded.</summary>
    public const int HelloBytesMax = 512 * 1024;

    /// <summary>Leases in one receipt.</summary>
    public const int ReceiptPrefixCountMax = 4_096;

    /// <summary>
    /// Inline bytes that a child may have committed without a receipt before the parent sends one, although no lease is
    /// done.
    /// </summary>
    public const int ReceiptBytesDue = 1 << 20;

    /// <summary>Frames that wait in a link to be sent; a sender waits for room.</summary>
    public const int OutboxFrameCountMax = 64;

    /// <summary>Characters of a name for people: an agent's, a harbor's, a software's.</summary>
    public const int NameCharactersMax = 200;

    /// <summary>Characters of a file's name.</summary>
    public const int FileNameCharactersMax = 255;

    /// <summary>Arguments of a job, and likewise its parameters.</summary>
    public const int ArgumentCountMax = 1_000;

    /// <summary>Characters of an argument or of a parameter's value.</summary>
    public const int ArgumentCharactersMax = 64 * 1024;

    /// <summary>Characters of a program's own words in a failure, and of a nack's detail.</summary>
    public const int MessageCharactersMax = 4096;

    /// <summary>Bytes of a job's seed.</summary>
    public const int SeedBytes = JobSeed.ByteCount;

    /// <summary>Bytes of the reason that goes with the end of a link, in UTF-8: what a WebSocket's close frame holds.
    /// </summary>
    public const int CloseReasonBytesMax = 123;
}
