using System.Buffers;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;

namespace Ptorrent.Harbor.Products;

/// <summary>Writes segments one after another into a stream: small ones gathered into large writes, large ones as they
/// are, blobs verified while they are read. One caller at a time.</summary>
internal sealed class SegmentStream(BlobStore blobs, Stream destination) : IDisposable
{
    private const int GatheredBytes = 128 * 1024;

    private readonly byte[] _gathered = ArrayPool<byte>.Shared.Rent(GatheredBytes);
    private int _count;

    /// <summary>Writes the contents of <paramref name="rows"/>; the last of them may wait for
    /// <see cref="FlushAsync"/>.</summary>
    /// <exception cref="StorageException">A blob is damaged or gone.</exception>
    public async ValueTask WriteAsync(List<SegmentRow> rows, CancellationToken stop)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            if (rows[i].Content.Blob is not null)
            {
                await WriteBlobAsync(rows[i], stop);
                continue;
            }

            ReadOnlyMemory<byte> content = rows[i].Content.Inline;
            if (content.Length > _gathered.Length - _count)
            {
                await WriteGatheredAsync(stop);
            }

            if (content.Length >= GatheredBytes)
            {
                await destination.WriteAsync(content, stop);
                continue;
            }

            content.CopyTo(_gathered.AsMemory(_count));
            _count += content.Length;
        }
    }

    /// <summary>Sends on all that was written.</summary>
    public async ValueTask FlushAsync(CancellationToken stop)
    {
        await WriteGatheredAsync(stop);
        await destination.FlushAsync(stop);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_gathered);

    private async ValueTask WriteGatheredAsync(CancellationToken stop)
    {
        if (_count > 0)
        {
            await destination.WriteAsync(_gathered.AsMemory(0, _count), stop);
            _count = 0;
        }
    }

    /// <summary>Reads a blob through the buffer that gathers small segments, so that both go out together.</summary>
    private async ValueTask WriteBlobAsync(SegmentRow row, CancellationToken stop)
    {
        Digest blob = row.Content.Blob!.Value; // Only segments that are blobs come here.
        await using VerifyingStream content = blobs.OpenRead(blob)
            ?? throw new StorageException($"The blob {blob} is not here any more.", isTransient: false);
        while (true)
        {
            if (_count == _gathered.Length)
            {
                await WriteGatheredAsync(stop);
            }

            int got = await content.ReadAsync(_gathered.AsMemory(_count), stop);
            if (got == 0)
            {
                return;
            }

            _count += got;
        }
    }
}
