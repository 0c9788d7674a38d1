using Microsoft.Extensions.Logging;
using Ptorrent.Sandbox.Walls;

namespace Ptorrent.Sandbox.Processes;

/// <summary>Starts executors, keeps spares, and knows every process that is alive.</summary>
internal sealed partial class ProcessPool : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly SandboxOptions _options;
    private readonly WallTools _tools;
    private readonly string _emptyFolder;
    private readonly LaunchThread _launch;
    private readonly TimeProvider _time;
    private readonly ILogger<ProcessPool> _logger;
    private readonly ProcessProfile _common;
    private readonly Queue<Task<ExecutorProcess>> _spares = new();
    private readonly HashSet<ExecutorProcess> _alive = [];
    private readonly CancellationTokenSource _stop = new();
    private bool _keepsSpares;

    internal ProcessPool(
        SandboxOptions options, WallTools tools, string emptyFolder, LaunchThread launch, ILoggerFactory loggers,
        TimeProvider time)
    {
        _options = options;
        _tools = tools;
        _emptyFolder = emptyFolder;
        _launch = launch;
        _time = time;
        _logger = loggers.CreateLogger<ProcessPool>();
        _common = ProcessProfile.Common(options);
    }

    /// <summary>An executor that is ready: a spare where it fits, otherwise a new one.</summary>
    /// <exception cref="SandboxException">None can be started.</exception>
    internal async Task<ExecutorProcess> TakeAsync(ProcessProfile profile)
    {
        Task<ExecutorProcess>? spare = null;
        lock (_gate)
        {
            if (profile == _common && _spares.TryDequeue(out spare))
            {
                FillSpares();
            }
        }

        if (spare is not null)
        {
            try
            {
                ExecutorProcess waiting = await spare;
                if (!waiting.Life.IsCompleted)
                {
                    return waiting;
                }
            }
            catch (SandboxException failed)
            {
                // A spare is a convenience: the start that is really needed tells what is wrong.
                LogSpareFailed(failed.Message);
            }
        }

        return await StartAsync(profile);
    }

    /// <summary>Starts one executor, which becomes a spare.</summary>
    /// <returns>This pool, which works.</returns>
    /// <exception cref="SandboxException">It does not start; this pool is put away.</exception>
    internal async Task<ProcessPool> ProbeAsync(CancellationToken cancellation)
    {
        try
        {
            Task<ExecutorProcess> first = StartAsync(_common);
            await first.WaitAsync(cancellation);
            lock (_gate)
            {
                _spares.Enqueue(first);
            }

            return this;
        }
        catch (Exception e) when (e is SandboxException or OperationCanceledException)
        {
            LogProbeFailed(e.Message);
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins to keep spares.</summary>
    internal void KeepSpares()
    {
        lock (_gate)
        {
            _keepsSpares = true;
            FillSpares();
        }
    }

    /// <summary>Starts an executor and waits until it is ready.</summary>
    /// <exception cref="SandboxException">It cannot be started, or does not say that it is ready.</exception>
    internal async Task<ExecutorProcess> StartAsync(ProcessProfile profile)
    {
        long startedAt = _time.GetTimestamp();
        System.Diagnostics.Process started = await _launch.StartAsync(
            ExecutorCommand.Build(_options, _tools, profile, _emptyFolder), _stop.Token);
        int framesWaitingMax = (4 * _options.RunsInFlightMax) + _options.ProgramCountMax;
        ExecutorProcess process = new(started, profile, framesWaitingMax, _time);
        lock (_gate)
        {
            _alive.RemoveWhere(static p => p.Life.IsCompleted);
            _alive.Add(process);
        }

        string engine = await process.ReadyAsync(_options.StartTimeMax, _stop.Token);
        LogStarted(process.Id, engine, _time.GetElapsedTime(startedAt).TotalMilliseconds);
        return process;
    }

    /// <summary>Kills all executors and waits until they are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task<ExecutorProcess>[] spares;
        lock (_gate)
        {
            spares = [.. _spares];
            _spares.Clear();
        }

        foreach (Task<ExecutorProcess> spare in spares)
        {
            await ((Task)spare).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        ExecutorProcess[] alive;
        lock (_gate)
        {
            alive = [.. _alive];
        }

        foreach (ExecutorProcess process in alive)
        {
            process.Kill();
        }

        await Task.WhenAll(alive.Select(static p => p.Life));
    }

    private void FillSpares()
    {
        while (_keepsSpares && _spares.Count < _options.SpareCount && !_stop.IsCancellationRequested)
        {
            _spares.Enqueue(StartAsync(_common));
        }
    }

    [LoggerMessage(EventId = 6001, Level = LogLevel.Debug,
        Message = "Executor {ProcessId} is ready: {Engine}, after {Milliseconds:0} ms")]
    private partial void LogStarted(int processId, string engine, double milliseconds);

    [LoggerMessage(EventId = 6003, Level = LogLevel.Warning,
        Message = "An executor does not start behind these walls, weaker ones are tried: {Reason}")]
    private partial void LogProbeFailed(string reason);

    [LoggerMessage(EventId = 6002, Level = LogLevel.Warning, Message = "A spare executor did not start: {Reason}")]
    private partial void LogSpareFailed(string reason);
}
