using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Ptorrent.Agent.Identity;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>
/// Blobs on disk by their digest, whole ones and ones that are being fetched. The ones used longest ago are dropped
/// when there are too many bytes; what is held stays, even beyond the limit. A file is trusted while it is as it was
/// when it was verified in this process's life; one of an earlier life is hashed once. So nothing has to be synced. For
/// any number of threads.
/// </summary>
internal sealed partial class BlobCache
{
    private const string TemporaryEnding = ".new";
    private const string PartEnding = ".part";
    private const int VerifyBytes = 256 * 1024;
    private const long DefaultBytesHighest = 10L << 30;

    // The time of use is written to the disk at most this often, for the order of the next life.
    private static readonly TimeSpan UseStampPause = TimeSpan.FromMinutes(1);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, Entry> _byDigest = [];
    private readonly LinkedList<Entry> _byUse = [];
    private long _bytes;
    private long _lastTemporary;

    private BlobCache(string folder, long bytesMax, TimeProvider time, ILogger logger)
    {
        _folder = folder;
        BytesMax = bytesMax;
        _time = time;
        _logger = logger;
    }

    /// <summary>The limit.</summary>
    public long BytesMax { get; }

    /// <summary>Bytes that are kept; a blob that is being fetched counts whole.</summary>
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

    /// <summary>Opens the cache in a folder, made where it is missing; what an earlier process cannot go on with is
    /// deleted.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="bytesMax">The limit; null for 10 GiB or a tenth of the free disk, whatever is less.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of files that are dropped.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static BlobCache Open(string folder, long? bytesMax, TimeProvider time, ILogger logger)
    {
        AgentHome.CreateOwnerFolder(folder);
        FileInfo[] files = [.. new DirectoryInfo(folder).EnumerateFiles().OrderBy(f => f.LastAccessTimeUtc)];
        BlobCache cache = new(folder, bytesMax ?? DefaultBytesMax(folder, files.Sum(f => f.Length)), time, logger);
        foreach (FileInfo file in files)
        {
            bool isPart = file.Name.EndsWith(PartEnding, StringComparison.Ordinal);
            string name = isPart ? file.Name[..^PartEnding.Length] : file.Name;
            if (Digest.TryParse(name, out Digest digest))
            {
                cache.Add(digest, file.Length, isWhole: !isPart);
            }
            else if (file.Name.EndsWith(TemporaryEnding, StringComparison.Ordinal))
            {
                file.Delete();
            }
        }

        cache.Evict();
        return cache;
    }

    /// <summary>Holds a blob that is here whole; it counts as used. Null where it is not here.</summary>
    public BlobHold? TryHold(Digest digest)
    {
        BlobHold hold;
        bool isStampDue;
        lock (_lock)
        {
            if (!_byDigest.TryGetValue(digest, out Entry? entry) || !entry.IsWhole)
            {
                return null;
            }

            isStampDue = _time.GetElapsedTime(entry.StampedAt) >= UseStampPause;
            entry.StampedAt = isStampDue ? _time.GetTimestamp() : entry.StampedAt;
            hold = Hold(entry);
        }

        if (isStampDue)
        {
            StampUse(digest);
        }

        return hold;
    }

    /// <summary>The blob's bytes, verified; null where it is not here. Those of a small one are lent.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<BlobBytes?> ReadAsync(Digest digest, CancellationToken stop)
    {
        using BlobHold? hold = TryHold(digest);
        if (hold is null)
        {
            return null;
        }

        try
        {
            using SafeFileHandle file = OpenFile(digest);
            DateTime writtenAt = File.GetLastWriteTimeUtc(file);
            int length = checked((int)RandomAccess.GetLength(file));
            bool isRented = length <= PieceLayer.PieceBytes;
            BlobBytes blob = new(
                isRented ? ArrayPool<byte>.Shared.Rent(length) : GC.AllocateUninitializedArray<byte>(length),
                length,
                isRented);
            if (await FileReading.TryFillAsync(file, 0, blob.Memory, stop)
                && (IsVerified(digest, length, writtenAt) || MerkleHasher.RootOf(blob.Memory.Span) == digest))
            {
                MarkVerified(digest, length, writtenAt);
                return blob;
            }

            LogChanged(digest);
        }
        catch (IOException exception)
        {
            LogUnreadable(digest, exception.Message);
        }

        Remove(digest);
        return null;
    }

    /// <summary>Sees to it that a blob that is here is what its digest says; one that is not is dropped.</summary>
    /// <returns>Whether it is here and good.</returns>
    public async ValueTask<bool> VerifyAsync(Digest digest, CancellationToken stop)
    {
        using SafeFileHandle? file = await TryOpenAsync(digest, stop);
        return file is not null;
    }

    /// <summary>Opens a blob to read parts of it; null where it is not here, whole and good. Hold it
    /// meanwhile.</summary>
    public async ValueTask<SafeFileHandle?> TryOpenAsync(Digest digest, CancellationToken stop)
    {
        using BlobHold? hold = TryHold(digest);
        if (hold is null)
        {
            return null;
        }

        SafeFileHandle? file = null;
        try
        {
            file = OpenFile(digest);
            long length = RandomAccess.GetLength(file);
            DateTime writtenAt = File.GetLastWriteTimeUtc(file);
            if (IsVerified(digest, length, writtenAt) || await HashAsync(file, stop) == digest)
            {
                MarkVerified(digest, length, writtenAt);
                SafeFileHandle good = file;
                file = null;
                return good;
            }

            LogChanged(digest);
        }
        catch (IOException exception)
        {
            LogUnreadable(digest, exception.Message);
        }
        finally
        {
            file?.Dispose();
        }

        Remove(digest);
        return null;
    }

    /// <summary>Reads a part of a blob, whether it is whole or being fetched, as far as that part is here.</summary>
    public async ValueTask<bool> TryReadAsync(Digest digest, long offset, Memory<byte> bytes, CancellationToken stop)
    {
        PartFile? part;
        lock (_lock)
        {
            part = _byDigest.TryGetValue(digest, out Entry? entry) ? entry.Part : null;
            if (entry is null || offset < 0 || offset > entry.Bytes - bytes.Length)
            {
                return false;
            }
        }

        if (part is not null && await part.TryReadAsync(offset, bytes, stop))
        {
            return true;
        }

        using SafeFileHandle? file = await TryOpenAsync(digest, stop);
        return file is not null && await FileReading.TryFillAsync(file, offset, bytes, stop);
    }

    /// <summary>Keeps a blob that was verified: whole under its name, or not at all.</summary>
    /// <returns>A hold on it.</returns>
    /// <exception cref="IOException">The disk refuses; nothing is left.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is kept.</exception>
    public BlobHold Store(Digest digest, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        if (TryHold(digest) is { } kept)
        {
            return kept;
        }

        string temporary = Path.Combine(_folder, $"{Interlocked.Increment(ref _lastTemporary)}{TemporaryEnding}");
        DateTime writtenAt;
        try
        {
            using (SafeFileHandle file = File.OpenHandle(
                temporary, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.Asynchronous))
            {
                // Into the system's memory, which takes less time than to have another thread do it.
                stop.ThrowIfCancellationRequested();
                RandomAccess.Write(file, bytes.Span, 0);
                writtenAt = File.GetLastWriteTimeUtc(file);
            }

            File.Move(temporary, PathOf(digest), overwrite: true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }

        Entry entry = Add(digest, bytes.Length, isWhole: true);
        MarkVerified(digest, bytes.Length, writtenAt);
        BlobHold hold = Hold(entry);
        Evict();
        return hold;
    }

    /// <summary>Begins to fetch a blob in pieces, or goes on with what is here of it. Others are dropped to make room.
    /// One at a time for each blob.</summary>
    /// <returns>The part; its hold stays until <see cref="Complete"/> or <see cref="GiveUp"/>.</returns>
    /// <exception cref="IOException">The disk refuses.</exception>
    public async Task<PartFile> OpenPartAsync(PieceLayer layer, CancellationToken stop)
    {
        Entry entry = Add(layer.Root, layer.SizeBytes, isWhole: false);
        BlobHold hold = Hold(entry);
        Evict();
        try
        {
            PartFile part = await PartFile.OpenAsync(PartPathOf(layer.Root), layer, stop);
            lock (_lock)
            {
                entry.Part = part;
                entry.PartHold = hold;
            }

            return part;
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>All pieces are there: the part becomes the blob.</summary>
    /// <returns>The part's hold, on the blob now.</returns>
    /// <exception cref="IOException">The disk refuses; give it up.</exception>
    public BlobHold Complete(PartFile part)
    {
        Digest digest = part.Layer.Root;
        File.Move(PartPathOf(digest), PathOf(digest), overwrite: true);
        BlobHold hold;
        lock (_lock)
        {
            Entry entry = _byDigest[digest];
            entry.IsWhole = true;
            entry.Part = null;
            hold = entry.PartHold!; // A part in progress has one.
        }

        part.Dispose();
        MarkVerified(digest, part.Layer.SizeBytes, File.GetLastWriteTimeUtc(PathOf(digest)));
        return hold;
    }

    /// <summary>Ends a fetch that did not come to its end.</summary>
    /// <param name="part">What was fetched.</param>
    /// <param name="isKept">Whether its pieces are kept for another attempt.</param>
    public void GiveUp(PartFile part, bool isKept)
    {
        part.Dispose();
        BlobHold? hold = null;
        lock (_lock)
        {
            if (_byDigest.TryGetValue(part.Layer.Root, out Entry? entry))
            {
                entry.Part = null;
                hold = entry.PartHold;
            }
        }

        if (!isKept)
        {
            Remove(part.Layer.Root);
        }

        hold?.Dispose();
    }

    private static long DefaultBytesMax(string folder, long bytesKept)
    {
        const int FreePart = 10;
        return Math.Min(DefaultBytesHighest, (new DriveInfo(folder).AvailableFreeSpace + bytesKept) / FreePart);
    }

    private static async Task<Digest> HashAsync(SafeFileHandle file, CancellationToken stop)
    {
        MerkleHasher hasher = new();
        byte[] buffer = GC.AllocateUninitializedArray<byte>(VerifyBytes);
        long position = 0;
        int got;
        while ((got = await RandomAccess.ReadAsync(file, buffer, position, stop)) > 0)
        {
            hasher.Append(buffer.AsSpan(0, got));
            position += got;
        }

        return hasher.Finish();
    }

    private Entry Add(Digest digest, long bytes, bool isWhole)
    {
        lock (_lock)
        {
            if (!_byDigest.TryGetValue(digest, out Entry? entry))
            {
                entry = new Entry(digest, _time.GetTimestamp());
                _byDigest.Add(digest, entry);
                _byUse.AddLast(entry.Node);
            }

            _bytes += bytes - entry.Bytes;
            entry.Bytes = bytes;
            entry.IsWhole = isWhole;
            return entry;
        }
    }

    /// <summary>Holds an entry, which counts as used.</summary>
    private BlobHold Hold(Entry entry)
    {
        lock (_lock)
        {
            entry.HoldCount++;
            if (entry.Node.List is not null)
            {
                _byUse.Remove(entry.Node);
                _byUse.AddLast(entry.Node);
            }
        }

        return new BlobHold(() => Release(entry));
    }

    private void Release(Entry entry)
    {
        lock (_lock)
        {
            entry.HoldCount--;
        }

        Evict();
    }

    private void Remove(Digest digest)
    {
        lock (_lock)
        {
            if (_byDigest.Remove(digest, out Entry? entry))
            {
                _byUse.Remove(entry.Node);
                _bytes -= entry.Bytes;
                TryDelete(entry.IsWhole ? PathOf(digest) : PartPathOf(digest));
            }
        }
    }

    private void Evict()
    {
        lock (_lock)
        {
            for (LinkedListNode<Entry>? node = _byUse.First; node is not null && _bytes > BytesMax;)
            {
                Entry entry = node.Value;
                node = node.Next;
                if (entry.HoldCount == 0)
                {
                    Remove(entry.Digest);
                }
            }
        }
    }

    private bool IsVerified(Digest digest, long length, DateTime writtenAt)
    {
        lock (_lock)
        {
            return _byDigest.TryGetValue(digest, out Entry? entry)
                && entry.Bytes == length
                && entry.VerifiedWrittenAt == writtenAt;
        }
    }

    private void MarkVerified(Digest digest, long length, DateTime writtenAt)
    {
        lock (_lock)
        {
            if (_byDigest.TryGetValue(digest, out Entry? entry) && entry.Bytes == length)
            {
                entry.VerifiedWrittenAt = writtenAt;
            }
        }
    }

    private void StampUse(Digest digest)
    {
        try
        {
            File.SetLastAccessTimeUtc(PathOf(digest), _time.GetUtcNow().UtcDateTime);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Only the order in which blobs are dropped in the next life is less good.
            LogNotStamped(digest, exception.Message);
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

    private SafeFileHandle OpenFile(Digest digest) => File.OpenHandle(
        PathOf(digest), share: FileShare.Read | FileShare.Delete, options: FileOptions.Asynchronous);

    private string PathOf(Digest digest) => Path.Combine(_folder, digest.ToString());

    private string PartPathOf(Digest digest) => Path.Combine(_folder, digest + PartEnding);

    [LoggerMessage(EventId = 7101, Level = LogLevel.Warning,
        Message = "Blob {Digest} on disk has changed and is dropped")]
    private partial void LogChanged(Digest digest);

    [LoggerMessage(EventId = 7102, Level = LogLevel.Warning,
        Message = "Blob {Digest} on disk cannot be read: {Reason}")]
    private partial void LogUnreadable(Digest digest, string reason);

    [LoggerMessage(EventId = 7104, Level = LogLevel.Warning, Message = "{Path} cannot be deleted: {Reason}")]
    private partial void LogNotDeleted(string path, string reason);

    [LoggerMessage(EventId = 7105, Level = LogLevel.Debug,
        Message = "The time of use of blob {Digest} cannot be noted: {Reason}")]
    private partial void LogNotStamped(Digest digest, string reason);

    private sealed class Entry
    {
        public Entry(Digest digest, long stampedAt)
        {
            Digest = digest;
            StampedAt = stampedAt;
            Node = new LinkedListNode<Entry>(this);
        }

        public Digest Digest { get; }

        public LinkedListNode<Entry> Node { get; }

        public long Bytes { get; set; }

        public bool IsWhole { get; set; }

        public int HoldCount { get; set; }

        public PartFile? Part { get; set; }

        public BlobHold? PartHold { get; set; }

        public DateTime? VerifiedWrittenAt { get; set; }

        public long StampedAt { get; set; }
    }
}
