using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Ptorrent.Model;
using Ptorrent.Sandbox.Frames;

namespace Ptorrent.Sandbox.Processes;

/// <summary>
/// One executor's process: a reader of its frames, a writer of ours, and its end. Reader and writer are separate tasks,
/// because one that did both would stand still as soon as both pipes were full. What the frames mean is its listener's.
/// </summary>
internal sealed class ExecutorProcess
{
    /// <summary>The version of the protocol that is spoken here.</summary>
    internal const uint ProtocolVersion = 2;

    private const int WrittenTogetherBytesMax = 256 * 1024;
    private const int EndTextCharactersMax = 1000;
    private static readonly TimeSpan ExitTimeMax = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Process _process;
    private readonly TimeProvider _time;
    private readonly Channel<AgentFrame> _outbox;
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ErrorTail _errors = new();
    private IExecutorListener? _listener;
    private ExecutorEnd? _end;
    private volatile bool _wasKilled;
    private volatile bool _isEnding;

    /// <summary>Takes a process that has just been started.</summary>
    internal ExecutorProcess(Process process, ProcessProfile profile, int framesWaitingMax, TimeProvider time)
    {
        _process = process;
        Profile = profile;
        _time = time;
        Id = process.Id;
        _outbox = Channel.CreateBounded<AgentFrame>(
            new BoundedChannelOptions(framesWaitingMax) { SingleReader = true, AllowSynchronousContinuations = true });
        Life = LiveAsync();
    }

    /// <summary>The operating system's number; of the outermost program where walls are processes.</summary>
    internal int Id { get; }

    /// <summary>What it was started for.</summary>
    internal ProcessProfile Profile { get; }

    /// <summary>Ends, never badly, when the process is gone and all is put away.</summary>
    internal Task Life { get; }

    /// <summary>Waits for the first frame.</summary>
    /// <returns>The engine's name.</returns>
    /// <exception cref="SandboxException">It ended or said something else, or the time was up; it is
    /// killed.</exception>
    internal async Task<string> ReadyAsync(TimeSpan timeMax, CancellationToken stop)
    {
        try
        {
            return await _ready.Task.WaitAsync(timeMax, _time, stop);
        }
        catch (TimeoutException late)
        {
            Kill();
            throw new SandboxException($"The executor said nothing for {timeMax.TotalSeconds:0.#} s.", late);
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw;
        }
    }

    /// <summary>From now on <paramref name="listener"/> hears of frames and of the end.</summary>
    /// <returns>False when the process has ended already.</returns>
    internal bool TryAttach(IExecutorListener listener)
    {
        lock (_gate)
        {
            Invariant.Holds(_listener is null);
            if (_end is not null)
            {
                return false;
            }

            _listener = listener;
            return true;
        }
    }

    /// <summary>Queues a frame, and writes it on this thread where nothing is being written and the pipe has room. The
    /// caller bounds how many there are; after the end it has no effect.</summary>
    internal void Send(AgentFrame frame)
    {
        if (!_outbox.Writer.TryWrite(frame))
        {
            Invariant.Holds(_isEnding);
        }
    }

    /// <summary>Kills it. At once, and more than once does no harm.</summary>
    internal void Kill()
    {
        if (_isEnding)
        {
            // Its number may belong to somebody else by now.
            return;
        }

        try
        {
            _wasKilled = true;
            if (!OperatingSystem.IsLinux() || !ProcessGroup.TryKill(Id))
            {
                _process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    private async Task LiveAsync()
    {
        // The constructor must be done before anything is heard from the process.
        await Task.Yield();
        using CancellationTokenSource stopWriting = new();
        using CancellationTokenSource stopReading = new();
        PipeCapacity.TryEnlarge(_process.StandardInput.BaseStream);
        PipeCapacity.TryEnlarge(_process.StandardOutput.BaseStream);
        Task errors = _errors.ReadAsync(_process.StandardError.BaseStream, stopReading.Token);
        Task writing = WriteAsync(_process.StandardInput.BaseStream, stopWriting.Token);
        Task<string?> reading = ReadAsync(_process.StandardOutput.BaseStream, stopReading.Token);
        Task exited = _process.WaitForExitAsync();
        await Task.WhenAny(reading, exited);
        bool wasKilled = _wasKilled;

        // Whichever of the two came first, the other follows at once, or something is wrong: a process that closed its
        // output and goes on, or a child of it that holds the output open.
        Task both = Task.WhenAll(reading, exited);
        await both.WaitAsync(ExitTimeMax, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!both.IsCompleted)
        {
            Kill();
            await exited.WaitAsync(ExitTimeMax, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _isEnding = true;
        _outbox.Writer.TryComplete();
        await stopWriting.CancelAsync();
        await errors.WaitAsync(ExitTimeMax, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stopReading.CancelAsync();
        await Task.WhenAll(reading, writing, errors);
        string? nonsense = await reading;
        int? exitCode = exited.IsCompletedSuccessfully ? _process.ExitCode : null;
        ExecutorEnd end = Describe(nonsense, wasKilled, exitCode);
        IExecutorListener? listener;
        lock (_gate)
        {
            _end = end;
            listener = _listener;
        }

        _ready.TrySetException(new SandboxException($"The executor did not start: {end.Text}."));
        listener?.OnEnded(this, end);
        _process.Dispose();
    }

    /// <returns>What nonsense it spoke; null where it just ended.</returns>
    private async Task<string?> ReadAsync(Stream stream, CancellationToken stop)
    {
        FrameReader reader = new(stream);
        try
        {
            while (await reader.ReadAsync(BodyBytesMax, stop) is (byte type, byte[] body))
            {
                Handle(FrameDecoder.Read(type, body), Listener());
            }

            return null;
        }
        catch (FrameException nonsense)
        {
            Kill();
            return nonsense.Message;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return null;
        }
    }

    private void Handle(ExecutorFrame frame, IExecutorListener? listener)
    {
        if (frame is not ExecutorFrame.Ready ready)
        {
            if (listener is null)
            {
                throw new FrameException("it spoke before it was asked");
            }

            listener.OnFrame(this, frame);
            return;
        }

        if (ready.Version != ProtocolVersion)
        {
            throw new FrameException(
                $"it speaks version {ready.Version} of the protocol, and this program version {ProtocolVersion}");
        }

        if (!_ready.TrySetResult(ready.Engine))
        {
            throw new FrameException("it said twice that it is ready");
        }
    }

    private long BodyBytesMax(byte type) =>
        type == FrameType.Done && Listener() is { } listener
            ? listener.DoneBytesMax(this)
            : FrameLimits.SmallBodyBytesMax;

    private IExecutorListener? Listener()
    {
        lock (_gate)
        {
            return _listener;
        }
    }

    private async Task WriteAsync(Stream stream, CancellationToken stop)
    {
        FrameBuffer buffer = new();
        try
        {
            while (await _outbox.Reader.WaitToReadAsync(stop))
            {
                while (buffer.Length < WrittenTogetherBytesMax && _outbox.Reader.TryRead(out AgentFrame? frame))
                {
                    FrameEncoder.Write(buffer, frame);
                }

                await buffer.WriteToAsync(stream, stop);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The process is gone or going: its reader tells.
        }
    }

    private ExecutorEnd Describe(string? nonsense, bool wasKilled, int? exitCode)
    {
        string errors = _errors.Text;
        bool outOfMemory = errors.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
            || errors.Contains("memory allocation of", StringComparison.Ordinal);
        string shown = errors.Length <= EndTextCharactersMax ? errors : errors[^EndTextCharactersMax..];
        string end = exitCode switch
        {
            null => "it closed its output and could not be killed",
            > 128 and int code => string.Create(CultureInfo.InvariantCulture, $"it was ended by signal {code - 128}"),
            int code => string.Create(CultureInfo.InvariantCulture, $"it ended with exit code {code}"),
        };
        string text = nonsense ?? (wasKilled ? "it was killed by its agent" : end);
        return new ExecutorEnd(nonsense is not null, outOfMemory, shown.Length == 0 ? text : $"{text} ({shown})");
    }
}
