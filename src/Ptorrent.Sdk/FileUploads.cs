using System.Buffers;
using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Sdk;

/// <summary>Brings many files to the harbor, several side by side. Small ones are read once, a batch at a time: one
/// question for those that are missing, and the bytes from memory. Large ones go one by one.</summary>
internal sealed class FileUploads(PtorrentClient client, ImmutableArray<string> paths)
{
    private const int SideBySide = 8;
    private const int BatchCountMax = 64;
    private const int BatchBytesMax = 8 << 20;
    private const int SmallBytesMax = PieceLayer.PieceBytes;

    private readonly InputFile[] _files = new InputFile[paths.Length];
    private readonly Lock _lock = new();
    private int _next;

    public async Task<ImmutableArray<InputFile>> RunAsync(CancellationToken stop)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAll(Enumerable.Range(0, SideBySide).Select(_ => UploadSomeAsync(end)));
        return [.. _files];
    }

    /// <summary>Uploads until none is left. The first failure ends all.</summary>
    private async Task UploadSomeAsync(CancellationTokenSource end)
    {
        // Off the caller's thread: hashing would keep him until all is read.
        await Task.Yield();
        Batch batch = new();
        try
        {
            while (TryTake(batch, out int large))
            {
                if (large >= 0)
                {
                    _files[large] = await client.UploadFileAsync(paths[large], end.Token);
                }

                await UploadAsync(batch, end.Token);
            }
        }
        catch
        {
            end.Cancel();
            throw;
        }
        finally
        {
            batch.Clear();
        }
    }

    /// <summary>Takes the next files: small ones up to a batch, and the large one that ended it, or else -1.</summary>
    private bool TryTake(Batch batch, out int large)
    {
        large = -1;
        lock (_lock)
        {
            long bytes = 0;
            for (; _next < paths.Length && batch.Items.Count < BatchCountMax && bytes < BatchBytesMax; _next++)
            {
                long length = new FileInfo(paths[_next]).Length;
                if (length > SmallBytesMax)
                {
                    large = _next++;
                    break;
                }

                bytes += length;
                batch.Items.Add(new Item(_next));
            }
        }

        return large >= 0 || batch.Items.Count > 0;
    }

    private async Task UploadAsync(Batch batch, CancellationToken stop)
    {
        if (batch.Items.Count == 0)
        {
            return;
        }

        foreach (Item item in batch.Items)
        {
            await ReadAsync(item, stop);
        }

        ImmutableArray<Digest> asked = [.. batch.Items.Where(i => i.Bytes is not null).Select(i => i.Digest)];
        HashSet<Digest> missing = [.. await client.FindMissingBlobsAsync(asked, stop)];
        foreach (Item item in batch.Items)
        {
            if (item.Bytes is not null && missing.Remove(item.Digest))
            {
                await client.PutBlobAsync(item.Digest, item.Bytes.AsMemory(0, item.Length), stop);
            }
        }

        batch.Clear();
    }

    private async Task ReadAsync(Item item, CancellationToken stop)
    {
        string path = paths[item.Index];

        // One more than there may be, so that a file that has grown is seen.
        byte[] bytes = ArrayPool<byte>.Shared.Rent(SmallBytesMax + 1);
        int length = Read(path, bytes.AsSpan(0, SmallBytesMax + 1));
        if (length > SmallBytesMax)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            _files[item.Index] = await client.UploadFileAsync(path, stop);
            return;
        }

        item.Hold(bytes, length);
        _files[item.Index] = new InputFile(Path.GetFileName(path), item.Digest, length);
    }

    /// <summary>Reads a file's front at once: to have another thread do it would take longer.</summary>
    private static int Read(string path, Span<byte> bytes)
    {
        using SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        int length = 0;
        int got;
        while (length < bytes.Length && (got = RandomAccess.Read(file, bytes[length..], length)) > 0)
        {
            length += got;
        }

        return length;
    }

    private sealed class Batch
    {
        public List<Item> Items { get; } = [];

        public void Clear()
        {
            foreach (Item item in Items)
            {
                item.Release();
            }

            Items.Clear();
        }
    }

    /// <summary>A small file, with its bytes once they are read.</summary>
    private sealed class Item(int index)
    {
        public int Index { get; } = index;

        public byte[]? Bytes { get; private set; }

        public int Length { get; private set; }

        public Digest Digest { get; private set; }

        public void Hold(byte[] bytes, int length)
        {
            Bytes = bytes;
            Length = length;
            Digest = MerkleHasher.RootOf(bytes.AsSpan(0, length));
        }

        public void Release()
        {
            if (Bytes is not null)
            {
                ArrayPool<byte>.Shared.Return(Bytes);
                Bytes = null;
            }
        }
    }
}
