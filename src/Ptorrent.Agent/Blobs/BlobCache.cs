using Microsoft.Extensions.Logging;
using Ptorrent.Agent.Identity;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>
/// Blobs on disk by their digest, the ones used longest ago dropped when there are too many bytes. Trusts no file:
/// what is read is verified, and a file that has changed is deleted. Safe for several threads.
/// </summary>
internal sealed partial class BlobCache
{
    private const string TemporaryEnding = ".new";

    private readonly string _folder;
    private readonly long _bytesMax;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, LinkedListNode<Entry>> _byDigest = [];
    private readonly LinkedList<Entry> _byUse = [];
    private long _bytes;
    private long _lastTemporary;

    private BlobCache(string folder, long bytesMax, ILogger logger)
    {
        _folder = folder;
        _bytesMax = bytesMax;
        _logger = logger;
    }

    /// <summary>Bytes that are kept.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Opens the cache in a folder, made where it is missing; what an earlier process did not finish is
    /// deleted.</summary>
    public static BlobCache Open(string folder, long bytesMax, ILogger logger)
    {
        AgentHome.CreateOwnerFolder(folder);
        BlobCache cache = new(folder, bytesMax, logger);
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles().OrderBy(f => f.LastWriteTimeUtc))
        {
            if (Digest.TryParse(file.Name, out Digest digest))
            {
                cache.Add(digest, file.Length);
            }
            else if (file.Name.EndsWith(TemporaryEnding, StringComparison.Ordinal))
            {
                file.Delete();
            }
        }

        cache.Evict();
        return cache;
    }

    /// <summary>Whether the blob is here, as far as is known without reading it; if so it counts as used.</summary>
    public bool Touch(Digest digest)
    {
        lock (_lock)
        {
            if (!_byDigest.TryGetValue(digest, out LinkedListNode<Entry>? node))
            {
                return false;
            }

            _byUse.Remove(node);
            _byUse.AddLast(node);
            return true;
        }
    }

    /// <summary>The blob's bytes, verified; null where it is not here.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<byte[]?> ReadAsync(Digest digest, CancellationToken cancellationToken)
    {
        if (!Touch(digest))
        {
            return null;
        }

        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(PathOf(digest), cancellationToken);
        }
        catch (FileNotFoundException)
        {
            // It was evicted between the look and the reading, or somebody tidied the folder up.
            Remove(digest);
            return null;
        }
        catch (IOException exception)
        {
            LogUnreadable(digest, exception.Message);
            Remove(digest);
            return null;
        }

        if (MerkleHasher.RootOf(bytes) != digest)
        {
            LogChanged(digest);
            Remove(digest);
            return null;
        }

        return bytes;
    }

    /// <summary>Keeps a blob that was verified: whole under its name, or not at all.</summary>
    /// <returns>False where the disk refuses; the blob is then fetched again when it is needed.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is kept.</exception>
    public async ValueTask<bool> StoreAsync(
        Digest digest,
        ReadOnlyMemory<byte> bytes,
        CancellationToken cancellationToken)
    {
        if (bytes.Length > _bytesMax || Touch(digest))
        {
            return bytes.Length <= _bytesMax;
        }

        string temporary = Path.Combine(_folder, $"{Interlocked.Increment(ref _lastTemporary)}{TemporaryEnding}");
        try
        {
            await using (FileStream file = new(
                temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
            {
                await file.WriteAsync(bytes, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, PathOf(digest), overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotStored(digest, exception.Message);
            TryDelete(temporary);
            return false;
        }
        catch (OperationCanceledException)
        {
            TryDelete(temporary);
            throw;
        }

        Add(digest, bytes.Length);
        Evict();
        return true;
    }

    private void Add(Digest digest, long bytes)
    {
        lock (_lock)
        {
            if (_byDigest.TryAdd(digest, new LinkedListNode<Entry>(new Entry(digest, bytes))))
            {
                _byUse.AddLast(_byDigest[digest]);
                _bytes += bytes;
            }
        }
    }

    private void Remove(Digest digest)
    {
        lock (_lock)
        {
            if (_byDigest.Remove(digest, out LinkedListNode<Entry>? node))
            {
                _byUse.Remove(node);
                _bytes -= node.Value.Bytes;
                TryDelete(PathOf(digest));
            }
        }
    }

    private void Evict()
    {
        lock (_lock)
        {
            while (_bytes > _bytesMax)
            {
                Remove(_byUse.First!.Value.Digest);
            }
        }
    }

    private void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(path, exception.Message);
        }
    }

    private string PathOf(Digest digest) => Path.Combine(_folder, digest.ToString());

    [LoggerMessage(EventId = 7101, Level = LogLevel.Warning,
        Message = "Blob {Digest} on disk has changed and is dropped")]
    private partial void LogChanged(Digest digest);

    [LoggerMessage(EventId = 7102, Level = LogLevel.Warning,
        Message = "Blob {Digest} on disk cannot be read: {Reason}")]
    private partial void LogUnreadable(Digest digest, string reason);

    [LoggerMessage(EventId = 7103, Level = LogLevel.Warning,
        Message = "Blob {Digest} cannot be kept on disk: {Reason}")]
    private partial void LogNotStored(Digest digest, string reason);

    [LoggerMessage(EventId = 7104, Level = LogLevel.Warning, Message = "{Path} cannot be deleted: {Reason}")]
    private partial void LogNotDeleted(string path, string reason);

    private readonly record struct Entry(Digest Digest, long Bytes);
}
