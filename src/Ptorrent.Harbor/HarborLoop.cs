using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
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
            _state.Restore(_time.GetUtcNow(), admitted, stored, _effects);
            await CarryOutAsync();
        }

        Completion = RunAsync();
    }

    /// <summary>How far a job's product is, if the job has not ended long ago.</summary>
    public JobFeed? FeedOf(JobId job) => _feeds.GetValueOrDefault(job);

    /// <summary>Hands an event in; waits while the inbox is full.</summary>
    /// <exception cref="ChannelClosedException">The harbor stops.</exception>
    public ValueTask PostAsync(HarborEvent evt, CancellationToken stop) =>
        _inbox.Writer.WriteAsync(new Message(evt, null), stop);

    /// <summary>Asks the state something in its own time.</summary>
    /// <exception cref="ChannelClosedException">The harbor stops.</exception>
    public async Task<T> AskAsync<T>(Func<HarborState, T> question, CancellationToken stop)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await _inbox.Writer.WriteAsync(new Message(null, state => answer.TrySetResult(question(state))), stop);
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
                new ComputeRate(rate)),
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
                    if (message.Event is { } evt)
                    {
                        _state.Handle(_time.GetUtcNow(), evt, _effects);
                        await CarryOutAsync();
                    }
                    else
                    {
                        message.Question?.Invoke(_state);
                    }
                }
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
            _state.Handle(_time.GetUtcNow(), new HarborEvent.StorageStalled(stalled), _effects);
            await CarryOutAsync();
        }

        long storedUpTo = _storage.StoredUpTo;
        if (storedUpTo > _seenStoredUpTo)
        {
            _seenStoredUpTo = storedUpTo;
            _seenStalled = false;
            _state.Handle(_time.GetUtcNow(), new HarborEvent.Stored(storedUpTo), _effects);
            await CarryOutAsync();
        }
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
            case HarborEffect.Cancel cancel:
                LinkOf(cancel.Child)?.Cancel(cancel.Lease);
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
        List<SegmentRow> rows = [];
        foreach (IndexRange range in merge.Parts)
        {
            rows.Clear();
            _reader.ReadSegments(new JobId(merge.Lease.Job), merge.Round, range.Begin, range.Begin + 1, rows);
            SegmentRow row = rows.Single();
            Invariant.Holds(row.Range == range);
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

        LinkOf(merge.Child)?.Grant(merge.Lease, merge.Description);
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

    /// <summary>An event or a question; neither is a call to look at storage.</summary>
    private readonly record struct Message(HarborEvent? Event, Action<HarborState>? Question);
}
