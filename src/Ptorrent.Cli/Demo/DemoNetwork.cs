using System.Globalization;
using System.Text.Json;
using Ptorrent.Cli.Commands;
using Ptorrent.Cli.Hosting;
using Ptorrent.Model;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Demo;

/// <summary>A harbor and two agents, each a process of its own, on this machine.</summary>
internal sealed class DemoNetwork : IAsyncDisposable
{
    private const int AgentCount = 2;

    private readonly List<ServiceProcess> _processes = [];

    private DemoNetwork()
    {
    }

    /// <summary>Speaks with the harbor; belongs to the network.</summary>
    public PtorrentClient Client { get; private set; } = null!;

    /// <summary>Fails when one of the processes ends by itself; never succeeds.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Starts the harbor and, as soon as it listens, the agents; does not wait for those.</summary>
    public static async Task<DemoNetwork> StartAsync(string homeDirectory, TimeProvider time, CancellationToken stop)
    {
        DemoNetwork network = new();
        try
        {
            await network.BeginAsync(homeDirectory, time, stop);
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
        Client?.Dispose();

        // Agents first: a harbor that is gone would only make them look for it.
        await Task.WhenAll(_processes.Skip(1).Select(process => process.DisposeAsync().AsTask()));
        if (_processes.Count > 0)
        {
            await _processes[0].DisposeAsync();
        }
    }

    private async Task BeginAsync(string homeDirectory, TimeProvider time, CancellationToken stop)
    {
        ServiceProcess harbor = ServiceProcess.Start(
            "the harbor",
            ["harbor", "--json", "--quiet", "--home", homeDirectory, "--listen", "127.0.0.1:0", "--name", "demo"],
            time);
        _processes.Add(harbor);
        string line = await harbor.Report.WaitAsync(stop);
        ServiceReport report = JsonSerializer.Deserialize(line, ServiceReportJson.Default.ServiceReport)
            ?? throw new InvariantException("The harbor's report is empty.");
        Invariant.Holds(report is { Address: not null, KeyFile: not null });
        for (int i = 0; i < AgentCount; i++)
        {
            _processes.Add(StartAgent(homeDirectory, report, i, time));
        }

        Ended = Task.WhenAny(_processes.Select(process => process.Ended)).Unwrap();
        string key = await File.ReadAllTextAsync(report.KeyFile, stop);
        Client = new PtorrentClient(new Uri(report.Address), key.Trim());
    }

    private static ServiceProcess StartAgent(string homeDirectory, ServiceReport harbor, int index, TimeProvider time)
    {
        // Both agents together have this machine's cores; with a single core they share it.
        int cores = Environment.ProcessorCount;
        int slots = Math.Max(1, index == 0 ? (cores + 1) / AgentCount : cores / AgentCount);
        string name = string.Create(CultureInfo.InvariantCulture, $"agent {index + 1}");
        return ServiceProcess.Start(
            name,
            [
                "agent", "--json", "--quiet", "--name", name,
                "--home", Path.Combine(homeDirectory, name.Replace(' ', '-')),
                "--harbor", harbor.Address!, "--key-file", harbor.KeyFile!,
                "--slots", slots.ToString(CultureInfo.InvariantCulture),
            ],
            time);
    }
}
