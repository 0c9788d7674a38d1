namespace Ptorrent.Agent.Device;

/// <summary>Bytes of output that a device holds, over all its leases.</summary>
internal sealed class HeldBytes
{
    /// <summary>Those of what is not committed: waiting for an earlier piece, or assembled.</summary>
    public long Output { get; set; }

    /// <summary>Those of commits that are without a receipt.</summary>
    public long Kept { get; set; }

    public long Total => Output + Kept;
}
