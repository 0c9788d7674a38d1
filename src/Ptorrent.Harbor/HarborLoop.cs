using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Ptorrent.Harbor.Deliveries;
using Ptorrent.Harbor.Links;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor;

/// <summary>
/// The shell around <see cref="HarborState"/>: one reader of a bounded inbox who owns it, and who carries out what it
/// decides. Nothing that it does waits for the network.
/// </summary>
internal sealed partial class HarborLoop : IAsyncDisposable
{
    private const int InboxCountMax = 8192;

    // Whoever posts to an idle loop runs it, which saves the wake of a thread, but not for ever.
    private const int HandledOnAThreadMax = 64;

    private const long TailBytesMax = 64 << 20;

    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(1);

    private readonly HarborState _state;
    private readonly StorageWriter _storage;
    private readonly HarborReader _reader;
    private readonly DeliveryRunner _deliveries;
    private readonly TimeProvider _time;
    private readonly ILogger<HarborLoop> _logger;
    private readonly Channel<Message> _inbox = Channel.CreateBounded<Message>(
        new BoundedChannelOptions(InboxCountMax)
        {
            SingleReader = true,
            FullMode = BoundedChannelFullMode.Wait,
            AllowSynchronousContinuations = true,
        });

    private readonly TailBudget _tails = new(TailBytesMax);
    private readonly ConcurrentDictionary<JobId, JobFeed> _feeds = new();
    private readonly ConcurrentDictionary<ChildId, AgentLink> _links = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<SubmitAnswer>> _requests = new();
    private readonly List<HarborEffect> _effects = [];
    private readonly Queue<HarborEvent.SegmentLost> _lost = [];
    private readonly long _beganAt;
    private readonly ITimer _timer;
    private TimeSpan? _timerAt;
    private volatile bool _hasTimerRung;
    private bool _networkChanged;
    private long _lastRequest;
    private long _lastChild;
    private long _seenStoredUpTo;
    private bool _seenStalled;

    public HarborLoop(
        HarborState state,
        Func<Action, StorageWriter> storage,
        HarborReader reader,
        Func<HarborLoop, DeliveryRunner> deliveries,
        TimeProvider time,
        ILogger<HarborLoop> logger)
    {
        _state = state;
        _reader = reader;
        _time = time;
        _beganAt = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _logger = logger;
        _deliveries = deliveries(this);
        _storage = storage(Wake);
        Completion = Task.CompletedTask;
    }

    /// <summary>Ends when the loop was stopped; faults on a bug or where the database is broken.</summary>
    public Task Completion { get; private set; }

    /// <summary>Takes in the jobs of an earlier life and starts.</summary>
    public async Task StartAsync(IEnumerable<(AdmittedJob Admitted, StoredJob Stored)> jobs)
    {
        foreach ((AdmittedJob admitted, StoredJob stored) in jobs)
        {
            LogContinued(admitted.Request.Id);
            _state.Restore(Now, admitted, stored, _effects);
            await CarryOutAsync();
        }

        SetTimer();
        Completion = RunAsync();
    }

    private Moment Now => new(_time.GetUtcNow(), _time.GetElapsedTime(_beganAt));

    /// <summary>How far a job's product is, if the job has not ended long ago.</summary>
    public JobFeed? FeedOf(JobId job) => _feeds.GetValueOrDefault(job);

    /// <summary>Hands an event in; waits while the inbox is full.</summary>
    /// <exception cref="ChannelClosedException">The harbor stops.</exception>
    public ValueTask PostAsync(HarborEvent evt, CancellationToken stop) =>
        _inbox.Writer.WriteAsync(new Message(evt, null, null), stop);

    /// <summary>Hands in what came on a link; waits while too much of that link, or of all, is waiting.</summary>
    /// <exception cref="ChannelClosedException">The harbor stops.</exception>
    public async ValueTask PostAsync(AgentLink link, HarborEvent evt, CancellationToken stop)
    {
        await link.Room.WaitAsync(stop);
        await _inbox.Writer.WriteAsync(new Message(evt, null, link), stop);
    }

    /// <summary>Asks the state something in its own time.</summary>
    /// <exception cref="ChannelClosedException">The harbor stops.</exception>
    public async Task<T> AskAsync<T>(Func<HarborState, T> question, CancellationToken stop)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await _inbox.Writer.WriteAsync(new Message(null, state => answer.TrySetResult(question(state)), null), stop);
        return await WithLoopAsync(answer.Task, stop);
    }

    /// <summary>Submits a job; ends once it is durable or refused.</summary>
    public Task<SubmitAnswer> SubmitAsync(AdmittedJob job, CancellationToken stop) =>
        RequestAsync(request => new HarborEvent.JobSubmitted(request, job), stop);

    /// <summary>Cancels a job; ends once that is durable or refused.</summary>
    public Task<SubmitAnswer> CancelAsync(JobId job, CancellationToken stop) =>
        RequestAsync(request => new HarborEvent.JobCancelled(request, job), stop);

    /// <summary>Takes a link on which the handshake is over; its events may be posted once this returns.</summary>
    public async Task<ChildId> JoinAsync(AgentLink link, CancellationToken stop)
    {
        ChildId child = new(Interlocked.Increment(ref _lastChild));
        _links[child] = link;
        Hello hello = link.Hello;
        double rate = Math.Clamp(hello.FuelPerSecond, AgentLink.FuelPerSecondMin, AgentLink.FuelPerSecondMax);
        await PostAsync(
            new HarborEvent.AgentJoined(
                child,
                new AgentId(hello.Agent),
                hello.Name,
                (int)hello.Slots,
                new ComputeRate(rate))
            {
                Holdings = hello.Holdings,
            },
            stop);
        return child;
    }

    /// <summary>A link has ended.</summary>
    public async Task LeaveAsync(ChildId child)
    {
        _links.TryRemove(child, out _);
        try
        {
            await PostAsync(new HarborEvent.AgentGone(child), CancellationToken.None);
        }
        catch (ChannelClosedException)
        {
            // The harbor stops; it forgets all agents anyway.
        }
    }

    /// <summary>Stops taking events in, carries out those that are there, and stores what is to be stored.</summary>
    public async ValueTask DisposeAsync()
    {
        _inbox.Writer.TryComplete();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _timer.DisposeAsync();
        await _deliveries.DisposeAsync();
        await _storage.DisposeAsync();
    }

    private async Task<SubmitAnswer> RequestAsync(Func<long, HarborEvent> evt, CancellationToken stop)
    {
        long request = Interlocked.Increment(ref _lastRequest);
        TaskCompletionSource<SubmitAnswer> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[request] = answer;
        try
        {
            await PostAsync(evt(request), stop);
            return await WithLoopAsync(answer.Task, stop);
        }
        finally
        {
            _requests.TryRemove(request, out _);
        }
    }

    /// <summary>Waits for an answer of the loop, but not beyond the loop's end.</summary>
    private async Task<T> WithLoopAsync<T>(Task<T> answer, CancellationToken stop)
    {
        Task first = await Task.WhenAny(answer, Completion).WaitAsync(stop);
        if (first != answer && !answer.IsCompleted)
        {
            throw new StorageException("The harbor stops.", isTransient: true);
        }

        return await answer;
    }

    private void Wake() => _inbox.Writer.TryWrite(default);

    private void Ring()
    {
        _hasTimerRung = true;
        Wake();
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        try
        {
            while (await _inbox.Reader.WaitToReadAsync())
            {
                int handled = 0;
                while (_inbox.Reader.TryRead(out Message message))
                {
                    if (++handled % HandledOnAThreadMax == 0)
                    {
                        await Task.Yield();
                    }

                    await HandleStorageAsync();
                    await HandleTimeAsync();
                    if (message.Event is { } evt)
                    {
                        await HandleAsync(evt);
                        message.Link?.Room.Release();
                    }
                    else
                    {
                        message.Question?.Invoke(_state);
                    }
                }

                while (_lost.TryDequeue(out HarborEvent.SegmentLost? lost))
                {
                    await HandleAsync(lost);
                }

                TellNetworkChanged();
                SetTimer();
            }
        }
        catch (Exception exception)
        {
            LogBroken(exception);
            throw;
        }
        finally
        {
            _inbox.Writer.TryComplete();
        }
    }

    /// <summary>
    /// Sees how far storage is. Its messages may be lost where the inbox is full, but then other messages follow, and
    /// it is looked at before each.
    /// </summary>
    private async Task HandleStorageAsync()
    {
        if (_storage.Completion.IsFaulted)
        {
            await _storage.Completion;
        }

        string? stalled = _storage.StalledBecause;
        if (stalled is not null && !_seenStalled)
        {
            _seenStalled = true;
            await HandleAsync(new HarborEvent.StorageStalled(stalled));
        }

        long storedUpTo = _storage.StoredUpTo;
        if (storedUpTo > _seenStoredUpTo)
        {
            _seenStoredUpTo = storedUpTo;
            _seenStalled = false;
            await HandleAsync(new HarborEvent.Stored(storedUpTo));
        }
    }

    /// <summary>Time is looked at before each message, so the timer only matters while nothing comes.</summary>
    private async ValueTask HandleTimeAsync()
    {
        if (_state.NextWakeAt <= _time.GetElapsedTime(_beganAt))
        {
            await HandleAsync(new HarborEvent.TimePassed());
        }
    }

    private void SetTimer()
    {
        if (_state.NextWakeAt is not { } at)
        {
            if (_timerAt is not null)
            {
                _timerAt = null;
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
        else if (at != _timerAt || _hasTimerRung)
        {
            _timerAt = at;
            _hasTimerRung = false;

            // Timers count whole milliseconds and may ring early by a part of one.
            TimeSpan wait = at - _time.GetElapsedTime(_beganAt) + TimerGrain;
            _timer.Change(wait > TimerGrain ? wait : TimerGrain, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Those who follow jobs look again: once for all agents that came or went meanwhile.</summary>
    private void TellNetworkChanged()
    {
        if (_networkChanged)
        {
            _networkChanged = false;
            foreach ((JobId _, JobFeed feed) in _feeds)
            {
                feed.Touch();
            }
        }
    }

    private ValueTask HandleAsync(HarborEvent evt)
    {
        _state.Handle(Now, evt, _effects);
        return CarryOutAsync();
    }

    private async ValueTask CarryOutAsync()
    {
        for (int i = 0; i < _effects.Count; i++)
        {
            if (_effects[i] is HarborEffect.Persist persist)
            {
                if (persist.Record is StorageRecord.SegmentAdded { Round: 0 } segment)
                {
                    FeedOf(segment.Job)?.Add(new SegmentRow(segment.Range, segment.Content));
                }

                await _storage.AddAsync(persist.Record);
            }
            else
            {
                CarryOut(_effects[i]);
            }
        }

        _effects.Clear();
    }

    private void CarryOut(HarborEffect effect)
    {
        switch (effect)
        {
            case HarborEffect.Grant grant:
                LinkOf(grant.Child)?.Grant(grant.Lease, grant.Description);
                break;
            case HarborEffect.JobChanged changed:
                FeedOf(changed.Job)?.Change(changed.PrefixEnd, changed.Product);
                break;
            case HarborEffect.Answer answer:
                if (_requests.TryRemove(answer.Request, out TaskCompletionSource<SubmitAnswer>? waiting))
                {
                    waiting.TrySetResult(new SubmitAnswer(answer.IsNew, answer.Refusal));
                }

                break;
            case HarborEffect.JobOpened opened:
                _feeds[opened.Job] = new JobFeed(_tails);
                LogOpened(opened.Job);
                break;
            case HarborEffect.JobEnded ended:
                LogEnded(ended.Job, ended.State);
                break;
            case HarborEffect.JobForgotten forgotten:
                if (_feeds.TryRemove(forgotten.Job, out JobFeed? feed))
                {
                    feed.Forget();
                }

                break;
            case HarborEffect.GrantMerge merge:
                CarryOutMerge(merge);
                break;
            case HarborEffect.Receipt receipt:
                LinkOf(receipt.Child)?.Send(new Frame { Receipt = receipt.Prefixes });
                break;
            case HarborEffect.DropHolding drop:
                LinkOf(drop.Child)?.Send(new Frame { Cancel = new Cancel { Lease = drop.Holding } });
                break;
            case HarborEffect.Revoke revoke:
                LinkOf(revoke.Child)?.Send(
                    new Frame { Revoke = new Revoke { Lease = revoke.Lease.Value, From = revoke.From } });
                break;
            case HarborEffect.NetworkChanged:
                _networkChanged = true;
                break;
            case HarborEffect.Cancel cancel:
                LinkOf(cancel.Child)?.Send(new Frame { Cancel = new Cancel { Lease = cancel.Lease.Value } });
                break;
            case HarborEffect.CloseLink close:
                LinkOf(close.Child)?.Close(close.Reason);
                break;
            case HarborEffect.Deliver deliver:
                _deliveries.Start(deliver);
                break;
            case HarborEffect.AgentAtFault fault:
                LogFault(fault.Agent, fault.Job, fault.Reason);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Puts the parts into the grant. They are a few rows by their key, read where the order of frames is
    /// kept.
    /// </summary>
    private void CarryOutMerge(HarborEffect.GrantMerge merge)
    {
        try
        {
            AddParts(merge);
            LinkOf(merge.Child)?.Grant(merge.Lease, merge.Description);
        }
        catch (Exception exception) when (exception is StorageException or SqliteException)
        {
            JobId job = new(merge.Lease.Job);
            LogLost(job, exception.Message);
            _lost.Enqueue(new HarborEvent.SegmentLost(job, merge.Lease.Begin, exception.Message));
        }
    }

    private void AddParts(HarborEffect.GrantMerge merge)
    {
        List<SegmentRow> rows = [];
        foreach (IndexRange range in merge.Parts)
        {
            rows.Clear();
            _reader.ReadSegments(new JobId(merge.Lease.Job), merge.Round, range.Begin, range.Begin + 1, rows);
            SegmentRow row = rows.Find(r => r.Range == range);
            if (row.Content is null)
            {
                throw new StorageException($"The output of {range} is not in the database any more.", false);
            }

            Part part = new() { Begin = range.Begin, End = range.End };
            if (row.Content.Blob is { } blob)
            {
                part.Blob = new Blob { Digest = blob.ToByteString(), SizeBytes = row.Content.SizeBytes };
            }
            else
            {
                part.Inline = UnsafeByteOperations.UnsafeWrap(row.Content.Inline);
            }

            merge.Lease.Parts.Add(part);
        }
    }

    private AgentLink? LinkOf(ChildId child) => _links.GetValueOrDefault(child);

    [LoggerMessage(1, LogLevel.Information, "{Job}: taken in")]
    private partial void LogOpened(JobId job);

    [LoggerMessage(2, LogLevel.Information, "{Job}: goes on from an earlier start of the harbor")]
    private partial void LogContinued(JobId job);

    [LoggerMessage(3, LogLevel.Information, "{Job}: {State}")]
    private partial void LogEnded(JobId job, Model.Jobs.JobState state);

    [LoggerMessage(4, LogLevel.Warning, "{Job}: {Agent} sent what does not count: {Reason}")]
    private partial void LogFault(AgentId agent, JobId job, string reason);

    [LoggerMessage(5, LogLevel.Critical, "The harbor's loop stops")]
    private partial void LogBroken(Exception exception);

    [LoggerMessage(6, LogLevel.Error, "{Job}: {Reason}")]
    private partial void LogLost(JobId job, string reason);

    /// <summary>An event or a question; neither is a call to look at storage.</summary>
    private readonly record struct Message(HarborEvent? Event, Action<HarborState>? Question, AgentLink? Link);
}
