using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Harbor;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sdk;

namespace Ptorrent.Bench;

/// <summary>
/// The harbor alone: an agent in this process answers every grant at once with a few bytes, so what is measured is
/// HTTP, the link, deciding and storing. First the time from submit to product of jobs of one fragment; then fragments
/// a second of one job, every index a commit of its own, until the last is durable.
/// Arguments: jobs (default 500), fragments (default 500,000).
/// </summary>
internal static class HarborBench
{
    private const int WarmUpJobs = 200;

    private static readonly byte[] Script = "export default x => x.index"u8.ToArray();
    private static readonly ByteString Line = ByteString.CopyFromUtf8("0123456789abcdef\n");

    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        int At(int index, int otherwise) =>
            arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
        string home = Directory.CreateTempSubdirectory("ptorrent-harbor-bench-").FullName;
        try
        {
            await MeasureAsync(home, At(0, 500), At(1, 500_000));
            return 0;
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static async Task MeasureAsync(string home, int jobs, int fragments)
    {
        await using HarborHost harbor = await HarborHost.StartAsync(
            new HarborOptions { HomeDirectory = home, Listen = new IPEndPoint(IPAddress.Loopback, 0) },
            NullLoggerFactory.Instance,
            CancellationToken.None);
        await using WebSocketLink link =
            await WebSocketLink.ConnectAsync(harbor.Address, harbor.AccessKey, CancellationToken.None);
        using CancellationTokenSource stop = new();
        Task answering = AnswerAsync(link, stop.Token);
        using PtorrentClient client = new(harbor.Address, harbor.AccessKey);
        await client.PutBlobAsync(
            MerkleHasher.RootOf(Script), new MemoryStream(Script), Script.Length, CancellationToken.None);

        List<double> milliseconds = [];
        for (int i = 0; i < WarmUpJobs + jobs; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            await RunAsync(client, 1);
            if (i >= WarmUpJobs)
            {
                milliseconds.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            }
        }

        long began = Stopwatch.GetTimestamp();
        long bytes = await RunAsync(client, fragments);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        milliseconds.Sort();
        double Quantile(double share) => Math.Round(milliseconds[(int)((milliseconds.Count - 1) * share)], 2);
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["jobs"] = jobs,
            ["p50Milliseconds"] = Quantile(0.5),
            ["p90Milliseconds"] = Quantile(0.9),
            ["p99Milliseconds"] = Quantile(0.99),
            ["fragments"] = fragments,
            ["productBytes"] = bytes,
            ["seconds"] = Math.Round(seconds, 2),
            ["fragmentsPerSecond"] = Math.Round(fragments / seconds),
        }));
        await stop.CancelAsync();
        await answering;
    }

    private static async Task<long> RunAsync(PtorrentClient client, long count)
    {
        JobHandle job = await client.SubmitAsync(new JobRequest
        {
            Id = PtorrentClient.NewJobId(),
            Program = new ProgramReference(ProgramKind.Script, MerkleHasher.RootOf(Script), Script.Length, "index.ts"),
            Over = new IndexRange(0, count),
        });
        await using Stream product = await job.OpenResultsAsync();
        byte[] buffer = new byte[1 << 20];
        long bytes = 0;
        int got;
        while ((got = await product.ReadAsync(buffer)) > 0)
        {
            bytes += got;
        }

        return bytes == count * Line.Length ? bytes : throw new InvalidOperationException($"{bytes} bytes came.");
    }

    /// <summary>The agent: a line for every index of every grant, each in a commit of its own.</summary>
    private static async Task AnswerAsync(WebSocketLink link, CancellationToken stop)
    {
        await link.SendAsync(
            new Frame
            {
                Hello = new Hello
                {
                    Version = LinkLimits.Version,
                    Agent = 1,
                    Name = "bench",
                    Slots = 16,
                    FuelPerSecond = 1e9,
                    MemoryBytes = 1 << 30,
                    Software = "bench",
                },
            },
            stop);
        await link.ReceiveAsync(stop);
        await link.SendAsync(new Frame { Window = new Window { Fuel = long.MaxValue } }, stop);
        try
        {
            while (await link.ReceiveAsync(stop) is { Grant: { } grant })
            {
                for (long upto = grant.Begin + 1; upto <= grant.End; upto++)
                {
                    Commit commit = new()
                    {
                        Lease = grant.Lease,
                        Epoch = grant.Epoch,
                        Upto = upto,
                        Fuel = 10_000,
                        BusyMicroseconds = 10,
                        Inline = Line,
                    };
                    await link.SendAsync(new Frame { Commit = commit }, stop);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The bench is over.
        }
    }
}
