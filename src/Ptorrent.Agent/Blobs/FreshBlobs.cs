using System.Buffers;
using Ptorrent.Model.Identity;

namespace Ptorrent.Agent.Blobs;

/// <summary>
/// Small blobs in memory alone, between the line that they came over and the run that takes them. Bounded: whoever
/// brings one reserves its room before, in the order of asking. For any number of threads.
/// </summary>
/// <param name="bytesMax">All of them together.</param>
/// <param name="patience">How long room is waited for.</param>
/// <param name="time">The clock.</param>
internal sealed class FreshBlobs(long bytesMax, TimeSpan patience, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, Entry> _byDigest = [];
    private readonly LinkedList<Waiter> _waiting = [];
    private long _bytes;

    /// <summary>Holds a blob that is here; null where it is not.</summary>
    public BlobHold? TryHold(Digest digest)
    {
        lock (_lock)
        {
            return _byDigest.TryGetValue(digest, out Entry? entry) ? Hold(entry) : null;
        }
    }

    /// <summary>Waits for room.</summary>
    /// <returns>Whether there is; then it is used by <see cref="Add"/> or given back by <see cref="Free"/>.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<bool> TryReserveAsync(int bytes, CancellationToken stop)
    {
        Waiter waiter = new(bytes);
        lock (_lock)
        {
            _waiting.AddLast(waiter.Node);
            Serve();
        }

        try
        {
            await waiter.Served.Task.WaitAsync(patience, time, stop);
            return true;
        }
        catch (TimeoutException)
        {
            return !TryLeave(waiter);
        }
        catch (OperationCanceledException)
        {
            if (!TryLeave(waiter))
            {
                Free(bytes);
            }

            throw;
        }
    }

    /// <summary>Gives room back.</summary>
    public void Free(int bytes)
    {
        lock (_lock)
        {
            _bytes -= bytes;
            Serve();
        }
    }

    /// <summary>Puts a blob into the room that was reserved for it.</summary>
    /// <param name="digest">Which blob.</param>
    /// <param name="rented">Its bytes, verified, at the front of an array from the shared pool, which is taken
    /// over.</param>
    /// <param name="length">How many they are.</param>
    /// <returns>A hold on it. It is gone when it was taken or nobody holds it any more.</returns>
    public BlobHold Add(Digest digest, byte[] rented, int length)
    {
        lock (_lock)
        {
            if (_byDigest.TryGetValue(digest, out Entry? there))
            {
                ArrayPool<byte>.Shared.Return(rented);
                Free(length);
                return Hold(there);
            }

            Entry entry = new(digest, rented, length);
            _byDigest.Add(digest, entry);
            return Hold(entry);
        }
    }

    /// <summary>Takes a blob, for one use; null where it is not here.</summary>
    public BlobBytes? TryTake(Digest digest)
    {
        lock (_lock)
        {
            if (!_byDigest.Remove(digest, out Entry? entry))
            {
                return null;
            }

            Free(entry.Length);
            return new BlobBytes(entry.Rented, entry.Length, isRented: true);
        }
    }

    private BlobHold Hold(Entry entry)
    {
        entry.HoldCount++;
        return new BlobHold(() => Release(entry));
    }

    private void Release(Entry entry)
    {
        lock (_lock)
        {
            entry.HoldCount--;
            if (entry.HoldCount == 0 && _byDigest.TryGetValue(entry.Digest, out Entry? there) && there == entry)
            {
                TryTake(entry.Digest)!.Dispose();
            }
        }
    }

    /// <summary>Under the lock: room for those who wait longest.</summary>
    private void Serve()
    {
        while (_waiting.First is { } first && _bytes + first.Value.Bytes <= bytesMax)
        {
            _bytes += first.Value.Bytes;
            _waiting.RemoveFirst();
            first.Value.Served.SetResult();
        }
    }

    /// <summary>Waits no more; false where it was served a moment ago.</summary>
    private bool TryLeave(Waiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node.List is null)
            {
                return false;
            }

            _waiting.Remove(waiter.Node);
            Serve();
            return true;
        }
    }

    private sealed class Entry(Digest digest, byte[] rented, int length)
    {
        public Digest Digest => digest;

        public byte[] Rented => rented;

        public int Length => length;

        public int HoldCount { get; set; }
    }

    private sealed class Waiter
    {
        public Waiter(int bytes)
        {
            Bytes = bytes;
            Node = new LinkedListNode<Waiter>(this);
        }

        public int Bytes { get; }

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource Served { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
