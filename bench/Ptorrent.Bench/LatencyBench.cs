using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Agent;
using Ptorrent.Harbor;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sdk;

namespace Ptorrent.Bench;

/// <summary>
/// From submitting a job of one fragment to its product's first byte, and to having all of it in hand, on a warm harbor
/// over loopback: harbor and agent in this process, the executor in its own, HTTP and WebSocket between them, every job
/// and every segment durable before it is told. Arguments: the number of jobs (default 500).
/// </summary>
internal static class LatencyBench
{
    private const int WarmUpJobs = 1000;

    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        int jobs = arguments.IsEmpty ? 500 : int.Parse(arguments[0], CultureInfo.InvariantCulture);
        BenchPaths paths = BenchPaths.Find();
        string home = Directory.CreateTempSubdirectory("ptorrent-latency-").FullName;
        try
        {
            await MeasureAsync(jobs, paths, home);
            return 0;
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static async Task MeasureAsync(int jobs, BenchPaths paths, string home)
    {
        await using HarborHost harbor = await HarborHost.StartAsync(
            new HarborOptions { HomeDirectory = Path.Combine(home, "harbor"), Listen = new(IPAddress.Loopback, 0) },
            NullLoggerFactory.Instance,
            CancellationToken.None);
        await using AgentHost agent = await AgentHost.StartAsync(
            new AgentOptions
            {
                HomeDirectory = Path.Combine(home, "agent"),
                Harbor = harbor.Address,
                AccessKey = harbor.AccessKey,
                SlotCount = 1,
                RuntimePath = paths.Runtime,
                ExecutorPath = paths.Executor,
            },
            NullLoggerFactory.Instance,
            CancellationToken.None);
        using PtorrentClient client = new(harbor.Address, harbor.AccessKey);
        byte[] module = await File.ReadAllBytesAsync(Path.Combine(paths.Samples, "mandelbrot.wasm"));
        Digest digest = MerkleHasher.RootOf(module);
        await client.PutBlobAsync(digest, new MemoryStream(module), module.Length, CancellationToken.None);
        ProgramReference program = new(ProgramKind.Kernel, digest, module.Length, "mandelbrot.wasm");

        List<double> toFirst = [];
        List<double> toWhole = [];
        for (int i = 0; i < WarmUpJobs + jobs; i++)
        {
            (double first, double whole) = await RunOneAsync(client, program);
            if (i >= WarmUpJobs)
            {
                toFirst.Add(first);
                toWhole.Add(whole);
            }
        }

        Report("submit to first byte", toFirst);
        Report("submit to whole product", toWhole);
    }

    private static async Task<(double ToFirst, double ToWhole)> RunOneAsync(
        PtorrentClient client,
        ProgramReference program)
    {
        JobRequest request = new()
        {
            Id = PtorrentClient.NewJobId(),
            Program = program,
            Over = new IndexRange(0, 1),
        };
        long begin = Stopwatch.GetTimestamp();
        (_, Stream product) = await client.SubmitAndReadAsync(request);
        await using (product)
        {
            byte[] buffer = new byte[64 * 1024];
            if (await product.ReadAsync(buffer) == 0)
            {
                throw new InvalidOperationException("The product is empty.");
            }

            double toFirst = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            while (await product.ReadAsync(buffer) > 0)
            {
                // To its end.
            }

            return (toFirst, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }
    }

    private static void Report(string what, List<double> milliseconds)
    {
        milliseconds.Sort();
        double At(double share) => Math.Round(milliseconds[(int)((milliseconds.Count - 1) * share)], 2);
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["what"] = what,
            ["jobs"] = milliseconds.Count,
            ["p50Milliseconds"] = At(0.5),
            ["p90Milliseconds"] = At(0.9),
            ["p99Milliseconds"] = At(0.99),
            ["maxMilliseconds"] = At(1),
        }));
    }
}
