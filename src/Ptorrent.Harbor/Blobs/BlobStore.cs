using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor.Blobs;

/// <summary>
/// Content by its digest, in files: <c>blobs/ab/cdef…</c>. A blob is hashed while it comes in, written under a
/// temporary name, synced and renamed, so what has its name is whole. For any number of threads.
/// </summary>
internal sealed partial class BlobStore
{
    private const int BufferBytes = 128 * 1024;
    private const int FolderCharacters = 2;

    private readonly string _folder;
    private readonly string _incoming;
    private readonly string _damaged;
    private readonly long _blobBytesMax;
    private readonly ILogger<BlobStore> _logger;

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

        DurableFiles.MakeFolder(_incoming);
        DurableFiles.MakeFolder(_damaged);
    }

    /// <summary>A blob's length in bytes; null if it is not here.</summary>
    public long? SizeOf(Digest digest)
    {
        FileInfo file = new(PathOf(digest));
        return file.Exists ? file.Length : null;
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
        string path = PathOf(digest);
        if (File.Exists(path))
        {
            return false;
        }

        if (sizeBytes > _blobBytesMax)
        {
            throw TooLarge(digest);
        }

        string temporary = Path.Combine(_incoming, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        try
        {
            await ReceiveAsync(digest, content, temporary, stop);
            string folder = Path.GetDirectoryName(path)!; // The path of a blob has one.
            if (!Directory.Exists(folder))
            {
                DurableFiles.MakeFolder(folder);
                DurableFiles.SyncFolder(_folder);
            }

            File.Move(temporary, path, overwrite: true);
            DurableFiles.SyncFolder(folder);
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
            // Gone already where all went well.
            File.Delete(temporary);
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

    private async Task ReceiveAsync(Digest digest, Stream content, string temporary, CancellationToken stop)
    {
        MerkleHasher hasher = new();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using FileStream file = DurableFiles.Create(temporary);
            long length = 0;
            int got;
            while ((got = await content.ReadAsync(buffer, stop)) > 0)
            {
                length += got;
                if (length > _blobBytesMax)
                {
                    throw TooLarge(digest);
                }

                hasher.Append(buffer.AsSpan(0, got));
                await file.WriteAsync(buffer.AsMemory(0, got), stop);
            }

            Digest actual = hasher.Finish();
            if (actual != digest)
            {
                throw new RefusedException(new Refusal(
                    RefusalCode.DigestMismatch,
                    "blob",
                    digest.ToString(),
                    $"the content has the digest {actual}",
                    "Send it again; the file may have changed meanwhile"));
            }

            file.Flush(flushToDisk: true);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
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
        File.Move(PathOf(digest), Path.Combine(_damaged, digest.ToString()), overwrite: true);
    }

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
