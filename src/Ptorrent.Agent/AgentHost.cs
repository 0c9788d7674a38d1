using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Ptorrent.Agent.Blobs;
using Ptorrent.Agent.Connection;
using Ptorrent.Agent.Device;
using Ptorrent.Agent.Execution;
using Ptorrent.Agent.Identity;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Refusals;
using Ptorrent.Sandbox;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;

namespace Ptorrent.Agent;

/// <summary>A running agent: executors in their sandbox, and a link to one harbor, made again whenever it is
/// lost.</summary>
public sealed partial class AgentHost : IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeMax = TimeSpan.FromSeconds(3);

    private readonly AgentOptions _options;
    private readonly AgentHome _home;
    private readonly ExecutorSandbox _sandbox;
    private readonly HarborBlobs _harborBlobs;
    private readonly BlobSource _blobs;
    private readonly DeviceLoop _loop;
    private readonly HarborConnection _connection;
    private readonly TimeProvider _time;
    private readonly ILogger<AgentHost> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _looping;
    private readonly Task _connecting;
    private readonly Lock _disposeLock = new();
    private Task? _disposing;

    private AgentHost(
        AgentOptions options, AgentHome home, ExecutorSandbox sandbox, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _home = home;
        _sandbox = sandbox;
        _time = time;
        _logger = loggers.CreateLogger<AgentHost>();
        BlobCache cache = BlobCache.Open(
            Path.Combine(home.Folder, "blobs"), options.BlobCacheBytesMax, time, loggers.CreateLogger<BlobCache>());
        ILogger blobLogger = loggers.CreateLogger<BlobSource>();
        _harborBlobs = new HarborBlobs(options.Harbor, options.AccessKey, time, blobLogger);
        SharingOptions sharing = new(home.Id, options.SharePort);
        _blobs = new BlobSource(
            cache,
            _harborBlobs,
            options.SharesBlobs ? new BlobSharing(sharing, cache, _harborBlobs, time, blobLogger) : null,
            time,
            blobLogger);
        _loop = new DeviceLoop(sandbox, _blobs, time, loggers.CreateLogger<DeviceLoop>());
        _connection = new HarborConnection(
            options.Harbor,
            options.AccessKey,
            HelloOf(options, home.Id, sandbox),
            new Prng(BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8))),
            _loop.AskHoldingsAsync,
            _loop.TellAsync,
            time,
            loggers.CreateLogger<HarborConnection>());
        _looping = _loop.RunAsync(_stop.Token);
        _connecting = _connection.RunAsync(_stop.Token);
        Completion = CompleteAsync();
    }

    /// <summary>Who this agent is, from its first start on.</summary>
    public AgentId Id => _home.Id;

    /// <summary>Whether a harbor has welcomed it and the link stands.</summary>
    public bool IsConnected => _connection.IsConnected;

    /// <summary>What is missing around the executors and the command that adds it, for the user; null where nothing is.
    /// </summary>
    public string? Notice => _sandbox.Walls.Notice;

    /// <summary>
    /// Ends when the agent is disposed of. Fails when it cannot go on: <see cref="RefusedException"/> where the harbor
    /// does not accept the key; <see cref="Ptorrent.Model.InvariantException"/> for a bug. Dispose of it then.
    /// </summary>
    public Task Completion { get; }

    /// <summary>The executors.</summary>
    internal ExecutorSandbox Executors => _sandbox;

    /// <summary>Starts the executors and begins to connect; does not wait for the harbor.</summary>
    /// <exception cref="RefusedException">An option is wrong.</exception>
    /// <exception cref="AgentException">The home folder cannot be used.</exception>
    /// <exception cref="SandboxException">No executor can be started.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing was left behind.</exception>
    public static async Task<AgentHost> StartAsync(
        AgentOptions options,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        options.Validate();
        AgentHome home = AgentHome.Open(options.HomeDirectory);
        ExecutorSandbox? sandbox = null;
        try
        {
            SandboxOptions sandboxOptions = new()
            {
                RuntimePath = options.RuntimePath,
                ExecutorPath = options.ExecutorPath,
                SlotCount = options.SlotCount,
                UseBubblewrap = options.UseBubblewrap,
                ProcessMemoryBytesMax = ProgramMemoryBytesMax(),
            };
            sandbox = await ExecutorSandbox.StartAsync(sandboxOptions, loggers, TimeProvider.System, cancellationToken);
            AgentHost host = new(options, home, sandbox, TimeProvider.System, loggers);
            host.LogStarted(host.Id, options.Name, options.SlotCount);
            if (host.Notice is { } notice)
            {
                host.LogNotice(notice);
            }

            return host;
        }
        catch
        {
            if (sandbox is not null)
            {
                await sandbox.DisposeAsync();
            }

            home.Dispose();
            throw;
        }
    }

    /// <summary>Gives back what has not begun, lets what runs end for <see cref="AgentOptions.StopTimeMax"/>, and puts
    /// all away.</summary>
    public async ValueTask DisposeAsync()
    {
        Task disposing;
        lock (_disposeLock)
        {
            disposing = _disposing ??= StopAsync();
        }

        await disposing;
    }

    private static long ProgramMemoryBytesMax() => Math.Clamp(
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        JobLimits.MemoryBytesLowest,
        JobLimits.MemoryBytesHighest);

    private static Hello HelloOf(AgentOptions options, AgentId id, ExecutorSandbox sandbox) => new()
    {
        Version = LinkLimits.Version,
        Agent = id.Value,
        Name = options.Name,
        Slots = (uint)options.SlotCount,
        FuelPerSecond = sandbox.Rate.FuelPerSecond,
        MemoryBytes = ProgramMemoryBytesMax(),
        Software = $"ptorrent {typeof(AgentHost).Assembly.GetName().Version?.ToString(3)}",
    };

    /// <summary>Ends with whatever ends first; the ordinary end is a cancellation.</summary>
    private async Task CompleteAsync()
    {
        Task first = await Task.WhenAny(_looping, _connecting, _loop.Fault);
        try
        {
            await first;
            await _looping;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The agent is disposed of.
        }
        catch (Exception exception)
        {
            LogFailed(exception.Message);
            throw;
        }
    }

    private async Task StopAsync()
    {
        if (!Completion.IsFaulted)
        {
            await _loop.TellAsync(new LoopInput.Happened(new DeviceEvent.Stopping()));
            await _loop.Drained
                .WaitAsync(_options.StopTimeMax, _time)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _connection.Stop();
            await Task.WhenAny(_connecting, Task.Delay(CloseTimeMax, _time));
        }

        _stop.Cancel();
        await Task.WhenAll(_looping, _connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sandbox.DisposeAsync();
        await _loop.DisposeAsync();
        _connection.Dispose();
        await _blobs.DisposeAsync();
        _harborBlobs.Dispose();
        _home.Dispose();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        LogStopped(Id);
    }

    [LoggerMessage(EventId = 7001, Level = LogLevel.Information,
        Message = "Agent {Agent} '{Name}' shares {SlotCount} slots")]
    private partial void LogStarted(AgentId agent, string name, int slotCount);

    [LoggerMessage(EventId = 7002, Level = LogLevel.Warning, Message = "{Notice}")]
    private partial void LogNotice(string notice);

    [LoggerMessage(EventId = 7003, Level = LogLevel.Error, Message = "The agent cannot go on: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(EventId = 7004, Level = LogLevel.Information, Message = "Agent {Agent} has stopped")]
    private partial void LogStopped(AgentId agent);
}
