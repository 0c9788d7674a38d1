using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ptorrent.Link.Transports;
using Ptorrent.Sdk;

namespace Ptorrent.Bench;

/// <summary>
/// What agents cost a harbor that has nothing for them: memory and CPU of a harbor in its own process with so many real
/// WebSockets over loopback, all greeted, none at work. Arguments: agents (default 10,000).
/// </summary>
internal static class IdleBench
{
    private const int ConnectedAtOnce = 32;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        int count = arguments.IsEmpty ? 10_000 : int.Parse(arguments[0], CultureInfo.InvariantCulture);
        await using HarborProcess harbor = await HarborProcess.StartAsync();
        await using WebSocketLink first = await BenchAgent.ConnectAsync(harbor, 1, 0);
        await Task.Delay(Settling);
        long memoryBefore = harbor.MemoryBytes;

        WebSocketLink[] links = new WebSocketLink[count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = ConnectedAtOnce },
            async (i, _) => links[i] = await BenchAgent.ConnectAsync(harbor, (ulong)i + 2, 0));
        await Task.Delay(Settling);
        TimeSpan cpuBefore = harbor.Cpu;
        await Task.Delay(Watched);
        TimeSpan cpu = harbor.Cpu - cpuBefore;
        long memory = harbor.MemoryBytes - memoryBefore;

        using PtorrentClient client = new(harbor.Address, harbor.AccessKey);
        int connected = (await client.GetNetworkAsync()).Agents.Length;
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["agents"] = connected,
            ["memoryBytesAnAgent"] = Math.Round((double)memory / count),
            ["cpuMillisecondsInTenSeconds"] = Math.Round(cpu.TotalMilliseconds),
        }));
        foreach (WebSocketLink link in links)
        {
            await link.DisposeAsync();
        }

        return connected == count + 1 ? 0 : 1;
    }
}
