using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Ptorrent.Harbor.Storage;

/// <summary>
/// Writes to the database, on a thread of its own, since it waits for the disk. All records that came in while a
/// transaction was being written go into the next one, so that a sync of the disk serves many. Where the disk is full
/// nothing is lost: the same records are tried again until there is room, and meanwhile <see cref="StalledBecause"/>
/// says why.
/// </summary>
internal sealed partial class StorageWriter : IAsyncDisposable
{
    /// <summary>Bytes of records that wait at most; a record that finds more waiting is held back.</summary>
    private const long WaitingBytesMax = 256L << 20;

    private const int WaitingCountMax = 1 << 17;

    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(1);

    private readonly Action<IReadOnlyList<StorageRecord>> _write;
    private readonly Action _changed;
    private readonly TimeProvider _time;
    private readonly ILogger<StorageWriter> _logger;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _arrived = new(0, 1);
    private readonly CancellationTokenSource _abandon = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<StorageRecord> _waiting = [];
    private List<StorageRecord> _writing = [];
    private TaskCompletionSource? _room;
    private long _waitingBytes;
    private long _storedUpTo;
    private string? _stalledBecause;
    private volatile bool _isStopping;

    /// <summary>Starts to write.</summary>
    /// <param name="write">Stores all records or none; they are durable when it returns.</param>
    /// <param name="changed">Called from the writer's thread after more became durable or writing stalled; must not
    /// block. </param>
    /// <param name="time">For the waits while the disk is full.</param>
    /// <param name="logger">Takes what happens.</param>
    public StorageWriter(
        Action<IReadOnlyList<StorageRecord>> write,
        Action changed,
        TimeProvider time,
        ILogger<StorageWriter> logger)
    {
        _write = write;
        _changed = changed;
        _time = time;
        _logger = logger;
        new Thread(Run) { IsBackground = true, Name = "harbor storage" }.Start();
    }

    /// <summary>Ends when the writer was stopped; faults where the database is broken.</summary>
    public Task Completion => _ended.Task;

    /// <summary>How many records are durable, counted from the first.</summary>
    public long StoredUpTo => Volatile.Read(ref _storedUpTo);

    /// <summary>Why nothing can be written at present; null in ordinary times.</summary>
    public string? StalledBecause => Volatile.Read(ref _stalledBecause);

    /// <summary>Takes a record; waits while too much is waiting. One caller at a time.</summary>
    public ValueTask AddAsync(StorageRecord record)
    {
        lock (_lock)
        {
            _waiting.Add(record);
            _waitingBytes += record.HeldBytes;
            if (_waiting.Count == 1)
            {
                Signal();
            }

            if (_waitingBytes <= WaitingBytesMax && _waiting.Count <= WaitingCountMax)
            {
                return ValueTask.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task);
        }
    }

    /// <summary>Writes what is waiting and ends. Where the disk is full it gives up: nothing of it was
    /// acknowledged.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isStopping = true;
            Signal();
        }

        _abandon.Cancel();

        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _abandon.Dispose();
        _arrived.Dispose();
    }

    private static bool IsOutOfRoom(SqliteException exception) =>
        exception.SqliteErrorCode is SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR;

    // Under the lock: two at once would release more than there is room for.
    private void Signal()
    {
        if (_arrived.CurrentCount == 0)
        {
            _arrived.Release();
        }
    }

    private void Run()
    {
        try
        {
            bool goesOn = true;
            while (goesOn && !_isStopping)
            {
                _arrived.Wait();
                while (goesOn && TakeWaiting())
                {
                    goesOn = Write();
                }
            }

            _ended.SetResult();
        }
        catch (Exception exception)
        {
            _ended.SetException(exception);
        }

        ReleaseRoom();
        _changed();
    }

    /// <summary>Moves what waits to what is being written; also what came while an attempt failed.</summary>
    private bool TakeWaiting()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return false;
            }

            if (_writing.Count == 0)
            {
                (_waiting, _writing) = (_writing, _waiting);
            }
            else
            {
                _writing.AddRange(_waiting);
                _waiting.Clear();
            }

            _waitingBytes = 0;
        }

        ReleaseRoom();
        return true;
    }

    private void ReleaseRoom()
    {
        TaskCompletionSource? room;
        lock (_lock)
        {
            (room, _room) = (_room, null);
        }

        room?.TrySetResult();
    }

    /// <summary>Writes until it is done, or until it is of no use any more: then false.</summary>
    private bool Write()
    {
        while (!TryWrite())
        {
            if (_isStopping)
            {
                LogAbandoned(_writing.Count);
                return false;
            }

            WaitToRetry();

            // What came meanwhile may take back what does not fit, so it goes into the same transaction.
            AppendWaiting();
        }

        if (StalledBecause is not null)
        {
            LogGoesOn();
            Volatile.Write(ref _stalledBecause, null);
        }

        Volatile.Write(ref _storedUpTo, _storedUpTo + _writing.Count);
        _writing.Clear();
        _changed();
        return true;
    }

    private void WaitToRetry()
    {
        // The thread is there to wait.
#pragma warning disable VSTHRD002
        Task.Delay(RetryEvery, _time, _abandon.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing)
            .GetAwaiter()
            .GetResult();
#pragma warning restore VSTHRD002
    }

    private bool TryWrite()
    {
        try
        {
            _write(_writing);
            return true;
        }
        catch (SqliteException exception) when (IsOutOfRoom(exception))
        {
            if (StalledBecause is null)
            {
                LogStalled(exception);
                Volatile.Write(ref _stalledBecause, exception.Message);
                _changed();
            }

            return false;
        }
    }

    private void AppendWaiting()
    {
        lock (_lock)
        {
            // Beyond the bound the rest waits: the transaction that does not fit must not grow for ever.
            if (_writing.Count <= WaitingCountMax)
            {
                _writing.AddRange(_waiting);
                _waiting.Clear();
                _waitingBytes = 0;
            }
        }

        if (_writing.Count <= WaitingCountMax)
        {
            ReleaseRoom();
        }
    }

    [LoggerMessage(101, LogLevel.Error, "Nothing can be stored; trying again every second")]
    private partial void LogStalled(Exception exception);

    [LoggerMessage(102, LogLevel.Information, "Storing goes on")]
    private partial void LogGoesOn();

    [LoggerMessage(
        103,
        LogLevel.Error,
        "Stopped while nothing could be stored; {Count} records that nobody was told of are dropped")]
    private partial void LogAbandoned(int count);
}
