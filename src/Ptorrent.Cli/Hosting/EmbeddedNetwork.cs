using System.Net;
using Microsoft.Extensions.Logging;
using Ptorrent.Agent;
using Ptorrent.Harbor;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Hosting;

/// <summary>
/// A harbor and an agent inside this process, for the length of one job: the same code and the same frames as between
/// machines, over loopback, in a folder that is gone afterwards.
/// </summary>
internal sealed class EmbeddedNetwork : IAsyncDisposable
{
    private readonly TemporaryHome _home;
    private readonly ILoggerFactory _loggers;
    private readonly CancellationTokenSource _stopping = new();
    private HarborHost? _harbor;
    private Task<AgentHost>? _agent;
    private PtorrentClient? _client;

    private EmbeddedNetwork(TemporaryHome home, ILoggerFactory loggers)
    {
        _home = home;
        _loggers = loggers;
    }

    /// <summary>Speaks with the harbor; belongs to the network.</summary>
    public PtorrentClient Client => _client!;

    /// <summary>Fails when harbor or agent do; never succeeds.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Starts the harbor, and begins to start the agent: a job can be brought meanwhile.</summary>
    /// <param name="slotCount">Executors of the agent.</param>
    /// <param name="stop">Gives up; nothing is left then.</param>
    public static async Task<EmbeddedNetwork> StartAsync(int slotCount, CancellationToken stop)
    {
        RuntimeFiles files = RuntimeFiles.Find();
        EmbeddedNetwork network = new(TemporaryHome.Create(), Loggers.ForHelper());
        try
        {
            await network.BeginAsync(files, slotCount, stop);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await _stopping.CancelAsync();
        if (_agent is not null)
        {
            await ((Task)_agent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_agent.IsCompletedSuccessfully)
            {
                await (await _agent).DisposeAsync();
            }
        }

        if (_harbor is not null)
        {
            await _harbor.DisposeAsync();
        }

        _loggers.Dispose();
        _home.Dispose();
        _stopping.Dispose();
    }

    private async Task BeginAsync(RuntimeFiles files, int slotCount, CancellationToken stop)
    {
        HarborOptions harborOptions = new()
        {
            HomeDirectory = _home.Combine("harbor"),
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Name = "this machine",
        };
        _harbor = await HarborHost.StartAsync(harborOptions, _loggers, stop);
        _client = new PtorrentClient(_harbor.Address, _harbor.AccessKey);
        AgentOptions agentOptions = new()
        {
            HomeDirectory = _home.Combine("agent"),
            Harbor = _harbor.Address,
            AccessKey = _harbor.AccessKey,
            SlotCount = slotCount,
            Name = "this machine",
            RuntimePath = files.RuntimePath,
            ExecutorPath = files.ExecutorPath,
            SharesBlobs = false,
        };
        _agent = AgentHost.StartAsync(agentOptions, _loggers, _stopping.Token);
        Ended = EndedAsync(_agent, _harbor);
    }

    private static async Task EndedAsync(Task<AgentHost> starting, HarborHost harbor)
    {
        AgentHost agent = await starting;
        Task first = await Task.WhenAny(agent.Completion, harbor.Completion);
        await first;
        throw new ServiceEndedException(first == harbor.Completion ? "the harbor" : "the agent", string.Empty);
    }
}
