using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Agent.Blobs;
using Ptorrent.Harbor;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Randomness;
using Ptorrent.Sdk;

namespace Ptorrent.Bench;

/// <summary>
/// Many files to a harbor and on to an agent over loopback, client, harbor and agent in this process: upload (durable),
/// fetch to the agent's disk, read for runs; then as many bytes as one blob, in pieces. Arguments: how many files
/// (default 1000) of how many bytes each (default 1,000,000).
/// </summary>
internal static class BlobsBench
{
    private const int WarmUpCount = 50;

    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        int count = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 1000;
        int bytes = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 1_000_000;
        string home = Directory.CreateTempSubdirectory("ptorrent-blobs-").FullName;
        try
        {
            await MeasureAsync(home, count, bytes);
            return 0;
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static async Task MeasureAsync(string home, int count, int bytes)
    {
        ImmutableArray<string> paths = WriteFiles(home, count + WarmUpCount, bytes);
        await using HarborHost harbor = await HarborHost.StartAsync(
            new HarborOptions { HomeDirectory = Path.Combine(home, "harbor"), Listen = new(IPAddress.Loopback, 0) },
            NullLoggerFactory.Instance,
            CancellationToken.None);
        using PtorrentClient client = new(harbor.Address, harbor.AccessKey);
        BlobCache cache = BlobCache.Open(
            Path.Combine(home, "agent"), 1L << 40, TimeProvider.System, NullLogger.Instance);
        using HarborBlobs blobs =
            new(harbor.Address, harbor.AccessKey, TimeProvider.System, NullLogger.Instance);
        await using BlobSource source = new(cache, blobs, null, TimeProvider.System, NullLogger.Instance);

        ImmutableArray<InputFile> warm = await client.UploadFilesAsync(paths[..WarmUpCount]);
        await HoldAsync(source, warm);
        long total = (long)count * bytes;
        ImmutableArray<InputFile> files = [];
        await TimeAsync("upload", total, async () => files = await client.UploadFilesAsync(paths[WarmUpCount..]));
        await TimeAsync("upload of what is there", total, () => client.UploadFilesAsync(paths[WarmUpCount..]));
        await TimeAsync("fetch", total, () => HoldAsync(source, files));
        await TimeAsync("read", total, () => ReadAsync(source, files));
        await MeasureOneAsync(home, client, source, total);
    }

    private static async Task MeasureOneAsync(string home, PtorrentClient client, BlobSource source, long total)
    {
        string path = Path.Combine(home, "one");
        byte[] piece = new byte[PieceLayer.PieceBytes];
        Prng prng = new(2);
        await using (FileStream file = File.Create(path))
        {
            for (long left = total; left > 0; left -= piece.Length)
            {
                prng.Fill(piece);
                file.Write(piece.AsSpan(0, (int)Math.Min(left, piece.Length)));
            }
        }

        InputFile one = new("one", default, 0);
        await TimeAsync("upload of one", total, async () => one = await client.UploadFileAsync(path));
        await TimeAsync("fetch of one in pieces", total, () => HoldAsync(source, [one]));
    }

    private static ImmutableArray<string> WriteFiles(string home, int count, int bytes)
    {
        string folder = Directory.CreateDirectory(Path.Combine(home, "files")).FullName;
        byte[] content = new byte[bytes];
        Prng prng = new(1);
        ImmutableArray<string>.Builder paths = ImmutableArray.CreateBuilder<string>(count);
        for (int i = 0; i < count; i++)
        {
            prng.Fill(content);
            paths.Add(Path.Combine(folder, $"{i}"));
            File.WriteAllBytes(paths[i], content);
        }

        return paths.MoveToImmutable();
    }

    private static async Task HoldAsync(BlobSource source, ImmutableArray<InputFile> files)
    {
        BlobHold[] holds = await Task.WhenAll(
            files.Select(f => source.HoldAsync(f.Digest, f.SizeBytes, CancellationToken.None)));
        foreach (BlobHold hold in holds)
        {
            hold.Dispose();
        }
    }

    private static async Task ReadAsync(BlobSource source, ImmutableArray<InputFile> files)
    {
        foreach (InputFile file in files)
        {
            (await source.ReadAsync(file.Digest, file.SizeBytes, CancellationToken.None)).Dispose();
        }
    }

    private static async Task TimeAsync(string what, long bytes, Func<Task> work)
    {
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        Stopwatch watch = Stopwatch.StartNew();
        await work();
        double seconds = watch.Elapsed.TotalSeconds;
        double processorSeconds = (Environment.CpuUsage.TotalTime - processor).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-26} {bytes / seconds / 1e6,8:0} MB/s   {processorSeconds / bytes * 1e9,6:0.00} CPU-s a GB"));
    }
}
