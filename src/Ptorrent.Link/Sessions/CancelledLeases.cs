namespace Ptorrent.Link.Sessions;

/// <summary>
/// The leases that the parent cancelled last. The child's words about them may still be on their way, so they are
/// passed over; words about any other lease that is not held are a breach. Bounded: far more than can be on their way
/// at once.
/// </summary>
internal sealed class CancelledLeases
{
    private const int CountMin = 1024;
    private const int CountPerSlot = 8;

    private readonly HashSet<long> _ids = [];
    private readonly Queue<long> _order = [];

    public bool Contains(long lease) => _ids.Contains(lease);

    public void Add(long lease, uint slotCount)
    {
        if (_ids.Add(lease))
        {
            _order.Enqueue(lease);
        }

        if (_order.Count > CountMin + (CountPerSlot * slotCount))
        {
            _ids.Remove(_order.Dequeue());
        }
    }
}
