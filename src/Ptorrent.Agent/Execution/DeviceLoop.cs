using System.Diagnostics;
using System.Threading.Channels;
using Google.Protobuf;
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
using Ptorrent.Sandbox;
using Ptorrent.Work.Leasing;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;

namespace Ptorrent.Agent.Execution;

/// <summary>
/// The one owner of the device's state and of the link's session: takes what happens from a bounded inbox, one after
/// another, and carries out what the state decides. Never waits for anything but its inbox.
/// </summary>
internal sealed partial class DeviceLoop : IAsyncDisposable
{
    private const int InboxCountMax = 1024;

    private readonly DeviceState _state;
    private readonly BlobSource _blobs;
    private readonly ProgramStore _programs;
    private readonly Runner _runner;
    private readonly Fetcher _fetcher;
    private readonly TaskGroup _tasks = new();
    private readonly TimeProvider _time;
    private readonly long _begunAt;
    private readonly ITimer _timer;
    private readonly ILogger _logger;
    private readonly Channel<LoopInput> _inbox;
    private readonly Queue<DeviceEvent> _next = new();
    private readonly List<DeviceEffect> _effects = [];
    private readonly Dictionary<LeaseId, CancellationTokenSource> _runStops = [];
    private readonly Dictionary<LeaseNumber, LeaseTasks> _leases = [];
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HarborLink? _link;

    public DeviceLoop(ExecutorSandbox sandbox, BlobSource blobs, TimeProvider time, ILogger logger)
    {
        _state = new DeviceState(new DeviceLimits(), sandbox.Slots.Count, sandbox.Rate);
        _blobs = blobs;
        _time = time;
        _begunAt = time.GetTimestamp();
        _logger = logger;
        _inbox = Channel.CreateBounded<LoopInput>(new BoundedChannelOptions(InboxCountMax) { SingleReader = true });
        _programs = new ProgramStore(sandbox, blobs, _tasks, TellAsync);
        _runner = new Runner(sandbox, blobs);
        _fetcher = new Fetcher(blobs, TellAsync);

        // A full inbox is being read, and whoever reads it looks at the time afterwards.
        _timer = time.CreateTimer(
            _ => _inbox.Writer.TryWrite(new LoopInput.Woken()),
            null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends when the device was told to stop and holds nothing any more.</summary>
    public Task Drained => _drained.Task;

    /// <summary>Fails when something beside the loop has a bug.</summary>
    public Task Fault => _tasks.Fault;

    /// <summary>Puts something into the inbox, when there is room. What comes after the loop's end is passed
    /// over.</summary>
    public async ValueTask TellAsync(LoopInput input)
    {
        while (!_inbox.Writer.TryWrite(input) && await _inbox.Writer.WaitToWriteAsync())
        {
        }
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
                while (_inbox.Reader.TryRead(out LoopInput? input))
                {
                    Take(input);
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
        foreach (CancellationTokenSource run in _runStops.Values)
        {
            run.Cancel();
            run.Dispose();
        }

        foreach (LeaseTasks lease in _leases.Values)
        {
            lease.Dispose();
        }

        _programs.Dispose();
        await _tasks.WhenIdleAsync();
    }

    private ValueTask TellAsync(DeviceEvent happened) => TellAsync(new LoopInput.Happened(happened));

    private void SetTimer()
    {
        while (_state.NextWakeAt is { } at)
        {
            TimeSpan wait = at - _time.GetElapsedTime(_begunAt);
            if (wait > TimeSpan.Zero)
            {
                _timer.Change(wait, Timeout.InfiniteTimeSpan);
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
                Handle(new DeviceEvent.LinkOpened());
                break;
            case LoopInput.FrameCame came when came.Link == _link:
                TakeFrame(came.Link, came.Frame);
                break;
            case LoopInput.LinkDown down when down.Link == _link:
                _link = null;
                Handle(new DeviceEvent.LinkLost());
                break;
            case LoopInput.Uploaded uploaded:
                // It is this commit's own frame, which nobody else touches until it is ready.
                uploaded.Commit.Frame.Blob = uploaded.Blob;
                Flush(uploaded.Lease);
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
            if (link.Session.Receive(frame) == FrameVerdict.Late)
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
        }
    }

    private void Handle(DeviceEvent happened)
    {
        _next.Enqueue(happened);
        while (_next.TryDequeue(out DeviceEvent? next))
        {
            ForgetEnded(next);
            _state.Handle(_time.GetElapsedTime(_begunAt), next, _effects);
            foreach (DeviceEffect effect in _effects)
            {
                CarryOut(effect);
            }

            _effects.Clear();
        }
    }

    private void ForgetEnded(DeviceEvent happened)
    {
        LeaseId? ended = happened switch
        {
            DeviceEvent.RunCompleted completed => completed.Run,
            DeviceEvent.RunFailed failed => failed.Run,
            DeviceEvent.RunLost lost => lost.Run,
            DeviceEvent.RunImpossible impossible => impossible.Run,
            _ => null,
        };
        if (ended is { } run && _runStops.Remove(run, out CancellationTokenSource? stop))
        {
            stop.Dispose();
        }
    }

    private void CarryOut(DeviceEffect effect)
    {
        switch (effect)
        {
            case DeviceEffect.Send send:
                Send(send.Frame, committed: null);
                break;
            case DeviceEffect.Commit commit:
                Commit(commit);
                break;
            case DeviceEffect.PrepareProgram prepare:
                if (_programs.Prepare(prepare.Job, prepare.Description))
                {
                    _next.Enqueue(new DeviceEvent.ProgramReady(prepare.Job));
                }

                break;
            case DeviceEffect.ForgetProgram forget:
                _programs.Forget(forget.Job);
                break;
            case DeviceEffect.FetchInputs fetch:
                StartForLease(fetch.Lease, stop => _fetcher.FetchInputsAsync(fetch, stop));
                break;
            case DeviceEffect.FetchParts fetch:
                StartForLease(fetch.Lease, stop => _fetcher.FetchPartsAsync(fetch, stop));
                break;
            case DeviceEffect.DropLease drop:
                if (_leases.Remove(drop.Lease, out LeaseTasks? lease))
                {
                    lease.Dispose();
                }

                break;
            case DeviceEffect.StartRun run:
                JobLines? lines = _programs.LinesOf(run.Job);
                StartRun(
                    run.Run, _programs.Get(run.Job), (program, stop) => _runner.RunAsync(run, program, lines, stop));
                break;
            case DeviceEffect.StartMerge merge:
                StartRun(
                    merge.Run, _programs.Get(merge.Job), (program, stop) => _runner.MergeAsync(merge, program, stop));
                break;
            case DeviceEffect.StopRun stop:
                if (_runStops.Remove(stop.Run, out CancellationTokenSource? source))
                {
                    source.Cancel();
                    source.Dispose();
                }

                break;
            case DeviceEffect.Drained:
                _drained.TrySetResult();
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void StartRun(
        LeaseId run,
        SandboxProgram program,
        Func<SandboxProgram, CancellationToken, Task<DeviceEvent>> start)
    {
        CancellationTokenSource source = new();
        CancellationToken stop = source.Token;
        _runStops.Add(run, source);
        _tasks.Start(async () => await TellAsync(await start(program, stop)));
    }

    private void StartForLease(LeaseNumber lease, Func<CancellationToken, Task> work)
    {
        CancellationToken stop = TasksOf(lease).Stop;
        _tasks.Start(() => work(stop));
    }

    private LeaseTasks TasksOf(LeaseNumber lease)
    {
        if (!_leases.TryGetValue(lease, out LeaseTasks? tasks))
        {
            tasks = new LeaseTasks();
            _leases.Add(lease, tasks);
        }

        return tasks;
    }

    private void Commit(DeviceEffect.Commit commit)
    {
        LeaseTasks tasks = TasksOf(commit.Lease);
        PendingCommit pending = new(commit.Frame);
        tasks.Commits.Enqueue(pending);
        if (commit.Segment.Length <= LinkLimits.InlineBytesMax)
        {
            pending.Frame.Inline = UnsafeByteOperations.UnsafeWrap(commit.Segment);
        }
        else
        {
            CancellationToken stop = tasks.Stop;
            _tasks.Start(() => UploadAsync(commit.Lease, pending, commit.Segment, stop));
        }

        Flush(commit.Lease);
    }

    private async Task UploadAsync(
        LeaseNumber lease,
        PendingCommit pending,
        ReadOnlyMemory<byte> segment,
        CancellationToken stop)
    {
        Digest digest = MerkleHasher.RootOf(segment.Span);
        try
        {
            await _blobs.UploadAsync(digest, segment, stop);
        }
        catch (BlobUnavailableException exception)
        {
            await TellAsync(new DeviceEvent.LeaseImpossible(lease, NackReason.NackNoRoom, exception.Message));
            return;
        }

        Blob blob = new() { Digest = digest.ToByteString(), SizeBytes = segment.Length };
        await TellAsync(new LoopInput.Uploaded(lease, pending, blob));
    }

    /// <summary>Sends a lease's commits as far as they are ready, in their order.</summary>
    private void Flush(LeaseNumber lease)
    {
        if (!_leases.TryGetValue(lease, out LeaseTasks? tasks))
        {
            return;
        }

        while (tasks.Commits.TryPeek(out PendingCommit? pending) && pending.IsReady)
        {
            tasks.Commits.Dequeue();
            Send(new Frame { Commit = pending.Frame }, lease);
        }
    }

    /// <summary>Sends a frame if there is a link and the frame still means something on it.</summary>
    private void Send(Frame frame, LeaseNumber? committed)
    {
        if (_link is not null && _link.Session.Send(frame) == FrameVerdict.Accepted)
        {
            _link.Send(frame, committed);
        }
        else if (committed is { } lease)
        {
            _next.Enqueue(new DeviceEvent.CommitSent(lease));
        }
    }

    [LoggerMessage(EventId = 7301, Level = LogLevel.Error,
        Message = "The harbor broke the protocol of the link: {Rule}")]
    private partial void LogProtocol(string rule);

    /// <summary>What is under way for one lease beside its runs.</summary>
    private sealed class LeaseTasks : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();

        public LeaseTasks() => Stop = _stop.Token;

        public CancellationToken Stop { get; }

        public Queue<PendingCommit> Commits { get; } = new();

        public void Dispose()
        {
            _stop.Cancel();
            _stop.Dispose();
        }
    }
}
