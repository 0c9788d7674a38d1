using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Ptorrent.Agent.Blobs;
using Ptorrent.Agent.Connection;
using Ptorrent.Agent.Device;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;

namespace Ptorrent.Agent.Execution;

/// <summary>
/// The one owner of the device's state and of the link's session: takes what happens from a bounded inbox, one after
/// another, and carries out what the state decides. Never waits for anything but its inbox.
/// </summary>
internal sealed partial class DeviceLoop : IAsyncDisposable
{
    private const int InboxCountMax = 1024;

    // Whoever tells an idle loop something runs it, which saves the wake of a thread, but not for ever.
    private const int HandledOnAThreadMax = 64;

    // Timers count whole milliseconds and may ring early by a part of one.
    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(1);

    private static readonly LoopInput Woken = new LoopInput.Woken();

    private readonly DeviceState _state;
    private readonly BlobSource _blobs;
    private readonly ProgramStore _programs;
    private readonly Core[] _cores;
    private readonly ConcurrentQueue<Core> _told = new();
    private readonly Fetcher _fetcher;
    private readonly TaskGroup _tasks = new();
    private readonly TimeProvider _time;
    private readonly long _begunAt;
    private readonly ITimer _timer;
    private readonly ILogger _logger;
    private readonly Channel<LoopInput> _inbox;
    private readonly List<DeviceEffect> _effects = [];
    private readonly Queue<DeviceEvent> _next = new();
    private readonly List<CoreReport> _reports = [];
    private readonly Dictionary<LeaseNumber, CancellationTokenSource> _leaseStops = [];
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HarborLink? _link;
    private TimeSpan? _timerAt;
    private volatile bool _hasTimerRung;

    public DeviceLoop(ExecutorSandbox sandbox, BlobSource blobs, TimeProvider time, ILogger logger)
    {
        DeviceLimits limits = new();
        _state = new DeviceState(limits, sandbox.Slots.Count, sandbox.Rate);
        _blobs = blobs;
        _time = time;
        _begunAt = time.GetTimestamp();
        _logger = logger;
        _inbox = Channel.CreateBounded<LoopInput>(
            new BoundedChannelOptions(InboxCountMax) { SingleReader = true, AllowSynchronousContinuations = true });
        _programs = new ProgramStore(sandbox, blobs, _tasks, TellAsync);
        _fetcher = new Fetcher(blobs, TellAsync);
        Runner runner = new(sandbox, blobs);
        _cores = [.. sandbox.Slots.Select(s => new Core(s.Index, limits.Feeder, runner, _told, Wake))];
        _timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends when the device was told to stop and holds nothing any more.</summary>
    public Task Drained => _drained.Task;

    /// <summary>Fails when something beside the loop has a bug.</summary>
    public Task Fault => Task.WhenAny([_tasks.Fault, .. _cores.Select(c => c.Fault)]).Unwrap();

    /// <summary>Puts something into the inbox, when there is room. What comes after the loop's end is passed
    /// over.</summary>
    public async ValueTask TellAsync(LoopInput input)
    {
        while (!_inbox.Writer.TryWrite(input) && await _inbox.Writer.WaitToWriteAsync())
        {
        }
    }

    /// <summary>What the device holds, for the greeting of its next link.</summary>
    public async Task<ImmutableArray<Holding>> AskHoldingsAsync()
    {
        TaskCompletionSource<ImmutableArray<Holding>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await TellAsync(new LoopInput.HoldingsAsked(answer));
        return await answer.Task;
    }

    /// <summary>Runs until it is cancelled.</summary>
    /// <exception cref="InvariantException">A bug.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (await _inbox.Reader.WaitToReadAsync(stop))
            {
                int handled = 0;
                while (_inbox.Reader.TryRead(out LoopInput? input))
                {
                    if (++handled % HandledOnAThreadMax == 0)
                    {
                        await Task.Yield();
                    }

                    Take(input);
                    TakeReports();
                }

                SetTimer();
            }
        }
        finally
        {
            _inbox.Writer.TryComplete();
        }
    }

    /// <summary>Stops what runs beside the loop and waits for it. The loop has ended, the sandbox is disposed
    /// of.</summary>
    public async ValueTask DisposeAsync()
    {
        _inbox.Writer.TryComplete();
        await _timer.DisposeAsync();
        await Task.WhenAll(_cores.Select(c => c.StopAsync()));
        foreach (CancellationTokenSource lease in _leaseStops.Values)
        {
            lease.Cancel();
            lease.Dispose();
        }

        _programs.Dispose();
        await _tasks.WhenIdleAsync();
    }

    /// <summary>Makes the loop look at the time and at what cores have to tell. A full inbox is being read, and whoever
    /// reads it looks at both afterwards.</summary>
    private void Wake() => _inbox.Writer.TryWrite(Woken);

    private void Ring()
    {
        _hasTimerRung = true;
        Wake();
    }

    private ValueTask TellAsync(DeviceEvent happened) => TellAsync(new LoopInput.Happened(happened));

    private void SetTimer()
    {
        while (_state.NextWakeAt is { } at)
        {
            TimeSpan wait = at - _time.GetElapsedTime(_begunAt);
            if (wait > TimeSpan.Zero)
            {
                // It is set only where it would ring too late: where it rings too early, it is set again.
                if (_hasTimerRung || !(_timerAt <= at))
                {
                    _hasTimerRung = false;
                    _timerAt = at;
                    _timer.Change(wait + TimerGrain, Timeout.InfiniteTimeSpan);
                }

                return;
            }

            Handle(new DeviceEvent.TimePassed());
        }
    }

    private void Take(LoopInput input)
    {
        switch (input)
        {
            case LoopInput.Happened happened:
                Handle(happened.Event);
                break;
            case LoopInput.LinkUp up:
                Invariant.Holds(_link is null);
                _link = up.Link;
                Handle(new DeviceEvent.LinkOpened(new HarborId(up.Link.Session.Welcome!.Harbor))); // It is welcomed.
                break;
            case LoopInput.FrameCame came when came.Link == _link:
                TakeFrame(came.Link, came.Frame);
                break;
            case LoopInput.LinkDown down when down.Link == _link:
                _link = null;
                Handle(new DeviceEvent.LinkLost());
                break;
            case LoopInput.HoldingsAsked asked:
                asked.Answer.TrySetResult(_state.TakeHoldings(_effects));
                CarryOutAll();
                break;
            case LoopInput.FrameCame or LoopInput.LinkDown or LoopInput.Woken:
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void TakeFrame(HarborLink link, Frame frame)
    {
        try
        {
            if (link.Receive(frame) == FrameVerdict.Late)
            {
                return;
            }
        }
        catch (LinkProtocolException exception)
        {
            LogProtocol(exception.Message);
            link.Close(exception.Message);
            _link = null;
            Handle(new DeviceEvent.LinkLost());
            return;
        }

        DeviceEvent? happened = frame.BodyCase switch
        {
            Frame.BodyOneofCase.Grant =>
                new DeviceEvent.Granted(frame.Grant, link.Session.DescriptionOf(frame.Grant.Job)!),
            Frame.BodyOneofCase.Cancel => new DeviceEvent.Cancelled(frame.Cancel.Lease),
            Frame.BodyOneofCase.Revoke => new DeviceEvent.Revoked(frame.Revoke.Lease, frame.Revoke.From),
            Frame.BodyOneofCase.Receipt => null,
            _ => throw new UnreachableException(),
        };
        if (happened is not null)
        {
            Handle(happened);
            return;
        }

        foreach (LeasePrefix prefix in frame.Receipt.Prefixes)
        {
            Handle(new DeviceEvent.Received(prefix.Lease, prefix.Upto));
        }
    }

    private void Handle(DeviceEvent happened)
    {
        _state.Handle(_time.GetElapsedTime(_begunAt), happened, _effects);
        CarryOutAll();
    }

    private void TakeReports()
    {
        while (_told.TryDequeue(out Core? core))
        {
            core.TakeReports(_reports);
            _state.Handle(_time.GetElapsedTime(_begunAt), CollectionsMarshal.AsSpan(_reports), _effects);
            _reports.Clear();
            CarryOutAll();
        }
    }

    private void CarryOutAll()
    {
        foreach (DeviceEffect effect in _effects)
        {
            CarryOut(effect);
        }

        _effects.Clear();
        if (_next.TryDequeue(out DeviceEvent? next))
        {
            Handle(next);
        }
    }

    private void CarryOut(DeviceEffect effect)
    {
        switch (effect)
        {
            case DeviceEffect.Send send:
                Send(send.Frame);
                break;
            case DeviceEffect.Upload upload:
                StartForLease(upload.Lease, stop => UploadAsync(upload, stop));
                break;
            case DeviceEffect.PrepareProgram prepare:
                if (_programs.Prepare(prepare.Job, prepare.Description))
                {
                    _next.Enqueue(new DeviceEvent.ProgramReady(prepare.Job));
                }

                break;
            case DeviceEffect.ForgetProgram forget:
                _programs.Forget(forget.Job);
                Array.ForEach(_cores, c => c.Forget(forget.Job));
                break;
            case DeviceEffect.FetchInputs fetch:
                StartForLease(fetch.Lease, stop => _fetcher.FetchInputsAsync(fetch, stop));
                break;
            case DeviceEffect.FetchParts fetch:
                StartForLease(fetch.Lease, stop => _fetcher.FetchPartsAsync(fetch, stop));
                break;
            case DeviceEffect.DropLease drop:
                if (_leaseStops.Remove(drop.Lease, out CancellationTokenSource? lease))
                {
                    lease.Cancel();
                    lease.Dispose();
                }

                break;
            case DeviceEffect.GiveCore give:
                _cores[give.Lease.Slot].Give(give.Lease, _programs.Get(give.Lease.Job));
                break;
            case DeviceEffect.StopCore stop:
                _cores[stop.Lease.Slot].Drop(stop.Lease);
                break;
            case DeviceEffect.PauseCores pause:
                Array.ForEach(_cores, c => c.Pause(pause.IsPaused));
                break;
            case DeviceEffect.Drained:
                _drained.TrySetResult();
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void StartForLease(LeaseNumber lease, Func<CancellationToken, Task> work)
    {
        if (!_leaseStops.TryGetValue(lease, out CancellationTokenSource? source))
        {
            source = new CancellationTokenSource();
            _leaseStops.Add(lease, source);
        }

        CancellationToken stop = source.Token;
        _tasks.Start(() => work(stop));
    }

    private async Task UploadAsync(DeviceEffect.Upload upload, CancellationToken stop)
    {
        Digest digest = MerkleHasher.RootOf(upload.Segment.Span);
        try
        {
            await _blobs.UploadAsync(digest, upload.Segment, stop);
        }
        catch (BlobUnavailableException exception)
        {
            await TellAsync(new DeviceEvent.UploadFailed(upload.Lease, upload.Commit, exception.Message));
            return;
        }

        Blob blob = new() { Digest = digest.ToByteString(), SizeBytes = upload.Segment.Length };
        await TellAsync(new DeviceEvent.Uploaded(upload.Lease, upload.Commit, blob));
    }

    /// <summary>Sends a frame if there is a link and the frame still means something on it.</summary>
    private void Send(Frame frame)
    {
        if (_link is not null && _link.Session.Send(frame) == FrameVerdict.Accepted)
        {
            _link.Send(frame);
        }
    }

    [LoggerMessage(EventId = 7301, Level = LogLevel.Error,
        Message = "The harbor broke the protocol of the link: {Rule}")]
    private partial void LogProtocol(string rule);
}
