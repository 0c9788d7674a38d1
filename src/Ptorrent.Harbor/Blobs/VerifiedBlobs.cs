using System.Diagnostics.CodeAnalysis;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Harbor.Blobs;

/// <summary>
/// Blobs that were hashed in this process's life, with the layers of their pieces. Bounded: two generations, the older
/// one forgotten when the younger is full, so what is used stays. For any number of threads.
/// </summary>
internal sealed class VerifiedBlobs(int pieceCountMax)
{
    private readonly Lock _lock = new();
    private Dictionary<Digest, Entry> _young = [];
    private Dictionary<Digest, Entry> _old = [];
    private long _youngPieceCount;

    /// <summary>The layer of a blob that was verified and whose file is as it was then.</summary>
    public bool TryGet(Digest digest, FileStamp stamp, [NotNullWhen(true)] out PieceLayer? layer)
    {
        lock (_lock)
        {
            if (!_young.TryGetValue(digest, out Entry entry) && _old.Remove(digest, out entry))
            {
                Keep(digest, entry);
            }

            layer = entry.Stamp == stamp ? entry.Layer : null;
            return layer is not null;
        }
    }

    public void Add(PieceLayer layer, FileStamp stamp)
    {
        lock (_lock)
        {
            _old.Remove(layer.Root);
            Keep(layer.Root, new Entry(layer, stamp));
        }
    }

    public void Remove(Digest digest)
    {
        lock (_lock)
        {
            _young.Remove(digest);
            _old.Remove(digest);
        }
    }

    private void Keep(Digest digest, Entry entry)
    {
        _young[digest] = entry;
        _youngPieceCount += entry.Layer.Count;
        if (_youngPieceCount > pieceCountMax / 2)
        {
            (_old, _young) = (_young, []);
            _youngPieceCount = 0;
        }
    }

    private readonly record struct Entry(PieceLayer Layer, FileStamp Stamp);
}
