using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Simulation.Core;

namespace Ptorrent.Simulation.Nodes;

/// <summary>What the harbor's disk is like.</summary>
/// <param name="SyncTime">What one grouped commit takes, mean.</param>
/// <param name="TearsBetweenRecords">Whether a crash may leave the front of the transaction that was being written; a
/// journal without transactions would. Otherwise all of it or nothing.</param>
internal sealed record DiskOptions(TimeSpan SyncTime, bool TearsBetweenRecords);

/// <summary>
/// The harbor's disk, which outlives its processes: records become durable in grouped commits, as the storage writer
/// makes them; a crash loses what was not synced, and perhaps keeps what was being written. While it is full nothing
/// becomes durable and the same records are tried again.
/// </summary>
internal class Disk(Schedule schedule, Dice dice, DiskOptions options)
{
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(1);

    private readonly List<StorageRecord> _durable = [];
    private readonly Dictionary<(JobId Job, int Round, long Begin), StorageRecord.SegmentAdded> _segments = [];
    private readonly Dictionary<(JobId Job, int Round, long Begin), long> _checksums = [];
    private readonly HashSet<JobId> _rotten = [];
    private List<StorageRecord> _waiting = [];
    private List<StorageRecord> _writing = [];
    private Alarm? _alarm;
    private long _storedUpTo;
    private bool _isStalled;

    /// <summary>All that is durable, in order.</summary>
    public IReadOnlyList<StorageRecord> Durable => _durable;

    /// <summary>A durable segment; null if there is none.</summary>
    public StorageRecord.SegmentAdded? FindSegment(JobId job, int round, long begin) =>
        _segments.GetValueOrDefault((job, round, begin));

    /// <summary>Whether a bit of a job's segments has turned.</summary>
    public bool HasRotted(JobId job) => _rotten.Contains(job);

    /// <summary>A segment's bytes, if they are still what was stored: the database's checksum or the blob's digest
    /// tells.</summary>
    /// <exception cref="StorageException">They are not.</exception>
    public ReadOnlyMemory<byte> Read(StorageRecord.SegmentAdded segment)
    {
        ReadOnlyMemory<byte> bytes = segment.Content.Blob is { } blob ? Blobs[blob] : segment.Content.Inline;
        return IsSound(segment)
            ? bytes
            : throw new StorageException($"The output of {segment.Range} is damaged.", isTransient: false);
    }

    /// <summary>Whether a segment is still what was stored.</summary>
    public virtual bool IsSound(StorageRecord.SegmentAdded segment) => segment.Content.Blob is { } blob
        ? MerkleHasher.RootOf(Blobs[blob]) == blob
        : _checksums[(segment.Job, segment.Round, segment.Range.Begin)]
            == RowChecksum.Of(segment.Job, segment.Round, segment.Range, segment.Content);

    /// <summary>Turns a bit of a durable segment. Not of a blob that is to be merged: agents would see it, and the job
    /// would wait for ever for one that does not.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TurnBit(Dice dice, Func<JobId, CombineKind> combineOf)
    {
        StorageRecord.SegmentAdded[] segments =
        [
            .. _segments.Values.Where(s => s.Content.SizeBytes > 0
                && (s.Content.Blob is null || combineOf(s.Job) != CombineKind.Merge)),
        ];
        if (segments.Length == 0)
        {
            return false;
        }

        StorageRecord.SegmentAdded segment = segments[dice.Between(0, segments.Length - 1)];
        byte[] bytes = (segment.Content.Blob is { } blob ? Blobs[blob] : segment.Content.Inline).ToArray();
        bytes[dice.Between(0, bytes.Length - 1)] ^= (byte)(1 << dice.Between(0, 7));
        _rotten.Add(segment.Job);
        if (segment.Content.Blob is { } damaged)
        {
            Blobs[damaged] = bytes;
            return true;
        }

        StorageRecord.SegmentAdded turned = segment with { Content = SegmentContent.Of(bytes) };
        _durable[_durable.IndexOf(segment)] = turned;
        _segments[(segment.Job, segment.Round, segment.Range.Begin)] = turned;
        return true;
    }

    /// <summary>Blobs by digest; they are synced before their upload is answered.</summary>
    public Dictionary<Digest, byte[]> Blobs { get; } = [];

    /// <summary>Whether nothing fits at present.</summary>
    public bool IsFull { get; set; }

    /// <summary>Records that are not durable.</summary>
    public int UnstoredCount => _waiting.Count + _writing.Count;

    /// <summary>The number of the present life of the harbor.</summary>
    public int Epoch { get; private set; }

    /// <summary>Called with the count of this life's records that are durable.</summary>
    public Action<long>? Stored { get; set; }

    /// <summary>Called when nothing can be stored.</summary>
    public Action<string>? Stalled { get; set; }

    /// <summary>Called with each record that becomes durable.</summary>
    public Action<StorageRecord>? BecameDurable { get; set; }

    /// <summary>A process opens the disk.</summary>
    public void Open()
    {
        Epoch++;
        _storedUpTo = 0;
        _isStalled = false;
    }

    /// <summary>Takes a record to be stored.</summary>
    public void Add(StorageRecord record)
    {
        _waiting.Add(record);
        if (_alarm is null)
        {
            StartWriting();
        }
    }

    /// <summary>The process is gone.</summary>
    public void Crash()
    {
        _alarm?.Cancel();
        _alarm = null;
        int kept = _writing.Count == 0 || IsFull ? 0 : CountKept(_writing.Count);
        foreach (StorageRecord record in _writing.Take(kept))
        {
            Keep(record);
        }

        _writing.Clear();
        _waiting.Clear();
        Stored = null;
        Stalled = null;
    }

    /// <summary>Whether a record that was synced is really there.</summary>
    protected virtual bool Remembers(StorageRecord record) => true;

    private int CountKept(int count)
    {
        if (options.TearsBetweenRecords)
        {
            return dice.Between(0, count);
        }

        return dice.Happens(0.5) ? count : 0;
    }

    private void StartWriting()
    {
        if (_writing.Count == 0)
        {
            (_waiting, _writing) = (_writing, _waiting);
        }
        else
        {
            _writing.AddRange(_waiting);
            _waiting.Clear();
        }

        _alarm = schedule.After(options.SyncTime / 2 + dice.Wait(options.SyncTime / 2), EndWriting);
    }

    private void EndWriting()
    {
        if (IsFull)
        {
            _alarm = schedule.After(RetryEvery, StartWriting);
            if (!_isStalled)
            {
                _isStalled = true;
                Stalled?.Invoke("database or disk is full");
            }

            return;
        }

        _alarm = null;
        _isStalled = false;
        foreach (StorageRecord record in _writing)
        {
            Keep(record);
        }

        _storedUpTo += _writing.Count;
        _writing.Clear();
        if (_waiting.Count > 0)
        {
            StartWriting();
        }

        Stored?.Invoke(_storedUpTo);
    }

    private void Keep(StorageRecord record)
    {
        if (Remembers(record))
        {
            _durable.Add(record);
            Index(record);
        }

        BecameDurable?.Invoke(record);
    }

    private void Index(StorageRecord record)
    {
        if (record is StorageRecord.SegmentAdded segment)
        {
            (JobId Job, int Round, long Begin) key = (segment.Job, segment.Round, segment.Range.Begin);
            if (_segments.TryAdd(key, segment))
            {
                _checksums[key] = RowChecksum.Of(segment.Job, segment.Round, segment.Range, segment.Content);
            }
        }
        else if (record is StorageRecord.JobRemoved removed)
        {
            foreach ((JobId Job, int, long) key in _segments.Keys.Where(k => k.Job == removed.Job).ToArray())
            {
                _segments.Remove(key);
            }
        }
    }
}
