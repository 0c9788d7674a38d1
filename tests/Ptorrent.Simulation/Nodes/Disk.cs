using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
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
            _segments.TryAdd((segment.Job, segment.Round, segment.Range.Begin), segment);
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
