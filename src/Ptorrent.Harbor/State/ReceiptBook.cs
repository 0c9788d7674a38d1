using System.Runtime.InteropServices;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>
/// What one agent committed and was not told to be durable. It is told when a lease is done and durable as a whole, or
/// when much waits: one word for many commits.
/// </summary>
internal sealed class ReceiptBook
{
    private readonly Dictionary<LeaseId, Prefix> _prefixes = [];
    private long _inlineBytes;

    /// <summary>Leases with something that has no receipt.</summary>
    public int LeaseCount => _prefixes.Count;

    /// <summary>Whether so much is durable that the agent should hear of it although no lease is done.</summary>
    public bool HasMuch => _inlineBytes > LinkLimits.ReceiptBytesDue;

    /// <summary>A commit counts; it is on its way to storage.</summary>
    public void Accept(LeaseId lease, long upto)
    {
        ref Prefix prefix = ref CollectionsMarshal.GetValueRefOrAddDefault(_prefixes, lease, out _);
        prefix.AcceptedUpTo = upto;
    }

    /// <summary>A commit that was accepted is durable.</summary>
    /// <returns>False where the lease was forgotten meanwhile.</returns>
    public bool Store(LeaseId lease, long upto, int inlineBytes)
    {
        ref Prefix prefix = ref CollectionsMarshal.GetValueRefOrNullRef(_prefixes, lease);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref prefix))
        {
            return false;
        }

        prefix.StoredUpTo = upto;
        _inlineBytes += inlineBytes;
        return true;
    }

    /// <summary>Whether all that was accepted of a lease is durable, and there is something to tell.</summary>
    public bool IsStored(LeaseId lease) =>
        _prefixes.TryGetValue(lease, out Prefix prefix)
        && prefix.StoredUpTo == prefix.AcceptedUpTo
        && prefix.StoredUpTo > prefix.ToldUpTo;

    /// <summary>A lease was cancelled: the agent has forgotten it.</summary>
    public void Forget(LeaseId lease) => _prefixes.Remove(lease);

    /// <summary>Takes all that is to be told, in frames that are not too large.</summary>
    public List<Receipt> Take()
    {
        List<Receipt> receipts = [];
        Receipt? receipt = null;
        foreach ((LeaseId lease, Prefix prefix) in _prefixes)
        {
            if (prefix.StoredUpTo <= prefix.ToldUpTo)
            {
                continue;
            }

            if (receipt is null || receipt.Prefixes.Count == LinkLimits.ReceiptPrefixCountMax)
            {
                receipts.Add(receipt = new Receipt());
            }

            receipt.Prefixes.Add(new LeasePrefix { Lease = lease.Value, Upto = prefix.StoredUpTo });
        }

        foreach (Receipt told in receipts)
        {
            foreach (LeasePrefix prefix in told.Prefixes)
            {
                MarkTold(new LeaseId(prefix.Lease));
            }
        }

        _inlineBytes = 0;
        return receipts;
    }

    /// <summary>What was accepted and is durable needs no place any more; a later commit makes a new one.</summary>
    private void MarkTold(LeaseId lease)
    {
        ref Prefix prefix = ref CollectionsMarshal.GetValueRefOrNullRef(_prefixes, lease);
        prefix.ToldUpTo = prefix.StoredUpTo;
        if (prefix.ToldUpTo == prefix.AcceptedUpTo)
        {
            _prefixes.Remove(lease);
        }
    }

    private struct Prefix
    {
        public long AcceptedUpTo;
        public long StoredUpTo;
        public long ToldUpTo;
    }
}
