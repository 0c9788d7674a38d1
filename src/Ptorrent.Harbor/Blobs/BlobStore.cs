using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor.Blobs;

/// <summary>
/// Content by its digest, in files: <c>blobs/ab/cdef…</c>. A blob is hashed while it comes in, written under a
/// temporary name, synced and renamed, so what has its name is whole. A file of an earlier life is hashed before its
/// first byte is given out in parts. For any number of threads.
/// </summary>
internal sealed partial class BlobStore : IDisposable
{
    private const int BufferBytes = 256 * 1024;

    // As many blobs of a piece each are received whole in memory; what comes beyond goes to the disk part by part.
    private const int WholeCountMax = 64;
    private const int DiskThreadCount = 4;

    // While a file is made its folder is locked, so uploads have several.
    private const int IncomingFolderCount = 16;
    private const int FolderCharacters = 2;

    // About 30 MB: layers of a terabyte, or of a quarter of a million small blobs.
    private const int VerifiedPieceCountMax = 1 << 19;

    // As many blobs are hashed side by side to be verified; the rest of the cores belongs to what goes on.
    private const int VerificationCountMax = 2;

    private readonly string _folder;
    private readonly string _incoming;
    private readonly string _damaged;
    private readonly long _blobBytesMax;
    private readonly ILogger<BlobStore> _logger;
    private readonly DiskThreads _disk = new(DiskThreadCount);
    private readonly VerifiedBlobs _verified = new(VerifiedPieceCountMax);
    private readonly SemaphoreSlim[] _verifications =
        [.. Enumerable.Range(0, VerificationCountMax).Select(_ => new SemaphoreSlim(1))];

    private int _wholeCount;

    /// <summary>Opens the store below the harbor's home, and removes what uploads of an earlier life left
    /// behind.</summary>
    /// <exception cref="IOException">The folders cannot be made.</exception>
    public BlobStore(string home, long blobBytesMax, ILogger<BlobStore> logger)
    {
        _folder = Path.Combine(home, "blobs");
        _incoming = Path.Combine(_folder, "incoming");
        _damaged = Path.Combine(_folder, "damaged");
        _blobBytesMax = blobBytesMax;
        _logger = logger;
        if (Directory.Exists(_incoming))
        {
            Directory.Delete(_incoming, recursive: true);
        }

        for (int i = 0; i < IncomingFolderCount; i++)
        {
            DurableFiles.MakeFolder(IncomingFolder(i));
        }

        DurableFiles.MakeFolder(_damaged);
    }

    /// <summary>A blob's length in bytes; null if it is not here. Whoever asks may be about to name it, so it counts as
    /// used.</summary>
    public long? SizeOf(Digest digest)
    {
        FileInfo file = new(PathOf(digest));
        if (!file.Exists)
        {
            return null;
        }

        MarkUsed(file.FullName);
        return file.Length;
    }

    /// <summary>The blobs that nobody has stored, asked for or opened since a moment.</summary>
    public IEnumerable<Digest> UnusedSince(DateTimeOffset moment)
    {
        foreach (string folder in Directory.EnumerateDirectories(_folder))
        {
            string front = Path.GetFileName(folder);
            if (front.Length != FolderCharacters)
            {
                continue;
            }

            foreach (string path in Directory.EnumerateFiles(folder))
            {
                if (Digest.TryParse(front + Path.GetFileName(path), out Digest digest) && UsedAt(path) < moment)
                {
                    yield return digest;
                }
            }
        }
    }

    /// <summary>Removes a blob that nobody names, unless it was used since a moment. Whoever reads it reads to its
    /// end.</summary>
    /// <returns>Whether it is gone by this.</returns>
    public bool RemoveUnused(Digest digest, DateTimeOffset moment)
    {
        string path = PathOf(digest);
        if (!File.Exists(path) || UsedAt(path) >= moment)
        {
            return false;
        }

        File.Delete(path);
        return true;
    }

    /// <summary>Stores a blob. It is durable when this ends.</summary>
    /// <param name="digest">The digest that the content must have.</param>
    /// <param name="content">The content; read to its end.</param>
    /// <param name="sizeBytes">Its length, where that was said.</param>
    /// <param name="stop">Gives up; nothing is kept.</param>
    /// <returns>False where it was here already; then the content was not read.</returns>
    /// <exception cref="RefusedException">DigestMismatch, TooLarge or NoSpace; nothing is kept.</exception>
    public async Task<bool> PutAsync(Digest digest, Stream content, long? sizeBytes, CancellationToken stop)
    {
        if (SizeOf(digest) is not null)
        {
            return false;
        }

        if (sizeBytes > _blobBytesMax)
        {
            throw TooLarge(digest);
        }

        bool isStored = false;
        byte[] name = RandomNumberGenerator.GetBytes(16);
        string temporary = Path.Combine(
            IncomingFolder(name[0] % IncomingFolderCount), Convert.ToHexStringLower(name));
        try
        {
            (PieceLayer layer, FileStamp stamp) = sizeBytes <= PieceLayer.PieceBytes
                ? await StoreWholeAsync(digest, content, (int)sizeBytes, temporary, stop)
                : await StoreInPartsAsync(digest, content, temporary, stop);
            _verified.Add(layer, stamp);
            isStored = true;
            return true;
        }
        catch (IOException exception) when (DurableFiles.IsOutOfSpace(exception))
        {
            LogNoSpace(digest);
            throw new RefusedException(
                new Refusal(
                    RefusalCode.NoSpace,
                    "blob",
                    digest.ToString(),
                    "the harbor's disk is full",
                    "Free space on the harbor's disk, then send it again"),
                exception);
        }
        finally
        {
            if (!isStored)
            {
                File.Delete(temporary);
            }
        }
    }

    /// <summary>Sees to it that a blob is what its digest says: hashes its file unless that was done in this life and
    /// the file was not written to since. One that is damaged is set aside.</summary>
    /// <param name="digest">Which blob.</param>
    /// <param name="isDoubted">Hashes in any case.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The layer of its pieces; null where it is not here, or was damaged.</returns>
    public async ValueTask<PieceLayer?> VerifyAsync(Digest digest, bool isDoubted, CancellationToken stop)
    {
        FileInfo file = new(PathOf(digest));
        if (!isDoubted && file.Exists && _verified.TryGet(digest, FileStamp.Of(file), out PieceLayer? known))
        {
            return known;
        }

        if (!file.Exists)
        {
            return null;
        }

        // The same blob always waits at the same place, so it is hashed once for all who ask.
        SemaphoreSlim turn = _verifications[(digest.GetHashCode() & int.MaxValue) % VerificationCountMax];
        await turn.WaitAsync(stop);
        try
        {
            file.Refresh();
            if (!file.Exists)
            {
                return null;
            }

            FileStamp stamp = FileStamp.Of(file);
            return !isDoubted && _verified.TryGet(digest, stamp, out known)
                ? known
                : await HashAsync(digest, stamp, stop);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>
    /// Opens a blob to be read from its begin to its end. The last read compares the digest: where it differs the
    /// blob is set aside and the read throws <see cref="StorageException"/>, so nobody takes the whole for good.
    /// </summary>
    /// <returns>The content; null if it is not here. The caller disposes of it.</returns>
    public VerifyingStream? OpenRead(Digest digest) => TryOpen(digest) is { } file
        ? new VerifyingStream(file, digest, () => SetAside(digest))
        : null;

    /// <summary>Opens a blob to read parts of it, verified before by <see cref="VerifyAsync"/>; null if it is not
    /// here.</summary>
    public SafeFileHandle? TryOpenHandle(Digest digest)
    {
        try
        {
            return File.OpenHandle(
                PathOf(digest), share: FileShare.Read | FileShare.Delete, options: FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Opens a blob to read parts of it, which are not verified; null if it is not here.</summary>
    public FileStream? TryOpen(Digest digest)
    {
        try
        {
            return new FileStream(PathOf(digest), new FileStreamOptions
            {
                Access = FileAccess.Read,
                Share = FileShare.Read | FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.Asynchronous,
            });
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>All of a blob that is known to be small, verified.</summary>
    /// <exception cref="StorageException">It is not here any more, or damaged.</exception>
    public async Task<byte[]> ReadAllAsync(Digest digest, CancellationToken stop)
    {
        await using VerifyingStream stream = OpenRead(digest)
            ?? throw new StorageException($"The blob {digest} is not here any more.", isTransient: false);
        byte[] bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, stop);
        await stream.FinishAsync(stop);
        return bytes;
    }

    public void Dispose()
    {
        _disk.Dispose();
        foreach (SemaphoreSlim turn in _verifications)
        {
            turn.Dispose();
        }
    }

    /// <summary>Receives a small blob into memory; nothing is written of one that is wrong.</summary>
    private async Task<(PieceLayer Layer, FileStamp Stamp)> StoreWholeAsync(
        Digest digest, Stream content, int sizeBytes, string temporary, CancellationToken stop)
    {
        byte[]? buffer = Interlocked.Increment(ref _wholeCount) <= WholeCountMax
            ? ArrayPool<byte>.Shared.Rent(sizeBytes)
            : null;
        try
        {
            if (buffer is null)
            {
                return await StoreInPartsAsync(digest, content, temporary, stop);
            }

            int length = await content.ReadAtLeastAsync(
                buffer.AsMemory(0, sizeBytes), sizeBytes, throwOnEndOfStream: false, stop);
            MerkleHasher hasher = new(keepsPieces: true);
            hasher.Append(buffer.AsSpan(0, length));
            PieceLayer layer = hasher.FinishPieces();
            CheckDigest(digest, layer);
            return (layer, await _disk.RunAsync(() =>
            {
                using FileStream file = DurableFiles.Create(temporary);
                file.Write(buffer.AsSpan(0, length));
                return Settle(file, digest);
            }));
        }
        finally
        {
            Interlocked.Decrement(ref _wholeCount);
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Makes a file that was written the blob, durably, and closes it.</summary>
    private FileStamp Settle(FileStream file, Digest digest)
    {
        file.Flush(flushToDisk: true);
        FileStamp stamp = new(file.Length, File.GetLastWriteTimeUtc(file.SafeFileHandle));
        file.Dispose();
        string path = PathOf(digest);
        string folder = Path.GetDirectoryName(path)!; // The path of a blob has one.
        if (!Directory.Exists(folder))
        {
            DurableFiles.MakeFolder(folder);
            DurableFiles.SyncFolder(_folder);
        }

        File.Move(file.Name, path, overwrite: true);
        DurableFiles.SyncFolder(folder);
        return stamp;
    }

    private static void CheckDigest(Digest digest, PieceLayer layer)
    {
        if (layer.Root != digest)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.DigestMismatch,
                "blob",
                digest.ToString(),
                $"the content has the digest {layer.Root}",
                "Send it again; the file may have changed meanwhile"));
        }
    }

    private async Task<(PieceLayer Layer, FileStamp Stamp)> StoreInPartsAsync(
        Digest digest, Stream content, string temporary, CancellationToken stop)
    {
        MerkleHasher hasher = new(keepsPieces: true);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using FileStream file = DurableFiles.Create(temporary);
            long length = 0;
            int got;
            do
            {
                // Full buffers are whole blocks, which are hashed where they lie.
                got = await content.ReadAtLeastAsync(
                    buffer.AsMemory(0, BufferBytes), BufferBytes, throwOnEndOfStream: false, stop);
                length += got;
                if (length > _blobBytesMax)
                {
                    throw TooLarge(digest);
                }

                hasher.Append(buffer.AsSpan(0, got));
                await file.WriteAsync(buffer.AsMemory(0, got), stop);
            }
            while (got == BufferBytes);

            PieceLayer layer = hasher.FinishPieces();
            CheckDigest(digest, layer);
            return (layer, await _disk.RunAsync(() => Settle(file, digest)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<PieceLayer?> HashAsync(Digest digest, FileStamp stamp, CancellationToken stop)
    {
        using SafeFileHandle? file = TryOpenHandle(digest);
        if (file is null)
        {
            return null;
        }

        MerkleHasher hasher = new(keepsPieces: true);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            // What the disk cannot read any more is as damaged as what it reads wrongly.
            long position = 0;
            int got;
            while ((got = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, BufferBytes), position, stop)) > 0)
            {
                hasher.Append(buffer.AsSpan(0, got));
                position += got;
            }
        }
        catch (IOException)
        {
            SetAside(digest);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        PieceLayer layer = hasher.FinishPieces();
        if (layer.Root != digest)
        {
            SetAside(digest);
            return null;
        }

        _verified.Add(layer, stamp);
        return layer;
    }

    private RefusedException TooLarge(Digest digest) => new(new Refusal(
        RefusalCode.TooLarge,
        "blob",
        digest.ToString(),
        $"a blob has at most {_blobBytesMax} bytes at this harbor",
        "Split the file, or ask the harbor's operator for a higher limit"));

    private void SetAside(Digest digest)
    {
        LogDamaged(digest);
        _verified.Remove(digest);
        try
        {
            File.Move(PathOf(digest), Path.Combine(_damaged, digest.ToString()), overwrite: true);
        }
        catch (FileNotFoundException)
        {
            // Somebody else who read it was quicker.
        }
    }

    // The time of writing tells whether a blob must be verified again, so use is told by the time of reading.
    private static void MarkUsed(string path)
    {
        try
        {
            File.SetLastAccessTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime);
        }
        catch (IOException)
        {
            // It was removed at this moment, or the disk takes no times; the time of writing counts then.
        }
    }

    private static DateTimeOffset UsedAt(string path)
    {
        DateTime read = File.GetLastAccessTimeUtc(path);
        DateTime written = File.GetLastWriteTimeUtc(path);
        return new DateTimeOffset(read > written ? read : written);
    }

    private string IncomingFolder(int number) => Path.Combine(_incoming, $"{number}");

    private string PathOf(Digest digest)
    {
        string name = digest.ToString();
        return Path.Combine(_folder, name[..FolderCharacters], name[FolderCharacters..]);
    }

    [LoggerMessage(301, LogLevel.Error, "The blob {Digest} is damaged; it was set aside")]
    private partial void LogDamaged(Digest digest);

    [LoggerMessage(302, LogLevel.Error, "The disk is full: blob {Digest} was refused")]
    private partial void LogNoSpace(Digest digest);
}
