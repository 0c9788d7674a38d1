using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sdk;

namespace Ptorrent.Bench;

/// <summary>
/// What jobs cost a harbor that has nobody to give them to: jobs of 10^12 indices one after another, each answered once
/// it is durable; then queued jobs over the million lines of one file, which is a blob. The harbor is a process of its
/// own, and its memory is what the system counts as resident. Arguments: queued jobs (default 1,000), items a job
/// (default 1,000,000).
/// </summary>
internal static class CapacityBench
{
    private const int EndlessCount = 20;
    private const long EndlessIndices = 1_000_000_000_000;

    private static readonly byte[] Script = "export default x => x.index"u8.ToArray();
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        int At(int index, int otherwise) =>
            arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
        int jobs = At(0, 1000);
        int items = At(1, 1_000_000);
        await using HarborProcess harbor = await HarborProcess.StartAsync();
        using PtorrentClient client = new(harbor.Address, harbor.AccessKey);
        await PutAsync(client, Script);

        // The first job of a process pays for the compiling of code.
        await client.SubmitAsync(Request(new IndexRange(0, 1)));
        await Task.Delay(Settling);
        long idle = harbor.MemoryBytes;
        double[] milliseconds = new double[EndlessCount];
        for (int i = 0; i < EndlessCount; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            await client.SubmitAsync(Request(new IndexRange(0, EndlessIndices)));
            milliseconds[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }

        await Task.Delay(Settling);
        long endless = harbor.MemoryBytes;
        byte[] file = Encoding.ASCII.GetBytes(string.Concat(
            Enumerable.Range(0, items).Select(i => i.ToString("D7", CultureInfo.InvariantCulture) + "\n")));
        InputLines lines = new(new InputFile("lines.txt", await PutAsync(client, file), file.Length), items);
        for (int i = 0; i < jobs; i++)
        {
            await client.SubmitAsync(Request(null) with { Lines = lines });
        }

        await Task.Delay(Settling);
        long queued = harbor.MemoryBytes;
        Array.Sort(milliseconds);
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["indices"] = EndlessIndices,
            ["acceptedMillisecondsMedian"] = Math.Round(milliseconds[EndlessCount / 2], 2),
            ["acceptedMillisecondsMost"] = Math.Round(milliseconds[^1], 2),
            ["memoryKilobytesAJob"] = Math.Round((endless - idle) / 1e3 / EndlessCount),
            ["queuedJobs"] = jobs,
            ["lineItemsAJob"] = items,
            ["queuedMegabytes"] = Math.Round((queued - endless) / 1e6, 1),
            ["harborMegabytes"] = Math.Round(queued / 1e6, 1),
        }));
        return 0;
    }

    private static JobRequest Request(IndexRange? over) => new()
    {
        Id = PtorrentClient.NewJobId(),
        Program = new ProgramReference(ProgramKind.Script, MerkleHasher.RootOf(Script), Script.Length, "index.ts"),
        Over = over,
    };

    private static async Task<Digest> PutAsync(PtorrentClient client, byte[] bytes)
    {
        Digest digest = MerkleHasher.RootOf(bytes);
        await client.PutBlobAsync(digest, new MemoryStream(bytes), bytes.Length);
        return digest;
    }
}
