using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sdk;

namespace Ptorrent.Bench;

/// <summary>
/// What a fragment costs a harbor: an agent that answers at once commits results of 1 KB, many in a commit, and a
/// client reads the product in order. The harbor is a process of its own; its CPU is divided by the fragments.
/// Arguments: fragments (default 500,000), fragments in a commit (default 64, which travel in the frame; 65 and more
/// are uploaded as blobs).
/// </summary>
internal static class ProductBench
{
    private const int FragmentBytes = 1024;

    private static readonly byte[] Script = "export default x => x.index"u8.ToArray();

    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        int At(int index, int otherwise) =>
            arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
        int fragments = At(0, 500_000);
        int together = At(1, LinkLimits.InlineBytesMax / FragmentBytes);
        await using HarborProcess harbor = await HarborProcess.StartAsync();
        using PtorrentClient client = new(harbor.Address, harbor.AccessKey);
        await using WebSocketLink link = await BenchAgent.ConnectAsync(harbor, 1, long.MaxValue);
        using CancellationTokenSource stop = new();
        Task answering = AnswerAsync(link, client, together, stop.Token);
        await client.PutBlobAsync(MerkleHasher.RootOf(Script), new MemoryStream(Script), Script.Length);
        await RunAsync(client, Math.Min(fragments, 50_000));

        TimeSpan cpu = harbor.Cpu;
        long begun = Stopwatch.GetTimestamp();
        await RunAsync(client, fragments);
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        cpu = harbor.Cpu - cpu;
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["fragments"] = fragments,
            ["fragmentsInACommit"] = together,
            ["fragmentsPerSecond"] = Math.Round(fragments / seconds),
            ["megabytesPerSecond"] = Math.Round(fragments / seconds * FragmentBytes / 1e6, 1),
            ["harborCpuMicrosecondsAFragment"] = Math.Round(cpu.TotalMicroseconds / fragments, 2),
        }));
        await stop.CancelAsync();
        await answering;
        return 0;
    }

    /// <summary>Runs a job and sees that each fragment is in its place.</summary>
    private static async Task RunAsync(PtorrentClient client, long count)
    {
        (_, Stream product) = await client.SubmitAndReadAsync(new JobRequest
        {
            Id = PtorrentClient.NewJobId(),
            Program = new ProgramReference(ProgramKind.Script, MerkleHasher.RootOf(Script), Script.Length, "index.ts"),
            Over = new IndexRange(0, count),
        });
        await using (product)
        {
            byte[] buffer = new byte[256 * FragmentBytes];
            long at = 0;
            int got;
            while ((got = await product.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false)) > 0)
            {
                for (int i = 0; i < got; i += FragmentBytes, at++)
                {
                    if (BinaryPrimitives.ReadInt64LittleEndian(buffer.AsSpan(i)) != at)
                    {
                        throw new InvalidOperationException($"Fragment {at} is not in its place.");
                    }
                }
            }

            if (at != count)
            {
                throw new InvalidOperationException($"{at} fragments came.");
            }
        }
    }

    private static async Task AnswerAsync(
        WebSocketLink link,
        PtorrentClient client,
        int together,
        CancellationToken stop)
    {
        try
        {
            while (await link.ReceiveAsync(stop) is { } frame)
            {
                if (frame.Grant is not { } grant)
                {
                    continue;
                }

                for (long begin = grant.Begin; begin < grant.End; begin += together)
                {
                    long upto = Math.Min(begin + together, grant.End);
                    await link.SendAsync(
                        new Frame { Commit = await CommitAsync(client, grant, begin, upto, stop) }, stop);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The bench is over.
        }
    }

    private static async ValueTask<Commit> CommitAsync(
        PtorrentClient client,
        Grant grant,
        long begin,
        long upto,
        CancellationToken stop)
    {
        byte[] segment = new byte[(upto - begin) * FragmentBytes];
        for (long index = begin; index < upto; index++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(segment.AsSpan((int)(index - begin) * FragmentBytes), index);
        }

        Commit commit = new()
        {
            Lease = grant.Lease,
            Epoch = grant.Epoch,
            Upto = upto,
            Fuel = (upto - begin) * 10_000,
            BusyMicroseconds = (upto - begin) * 10,
        };
        if (segment.Length <= LinkLimits.InlineBytesMax)
        {
            commit.Inline = UnsafeByteOperations.UnsafeWrap(segment);
            return commit;
        }

        Digest digest = MerkleHasher.RootOf(segment);
        await client.PutBlobAsync(digest, new MemoryStream(segment), segment.Length, stop);
        commit.Blob = new Blob { Digest = digest.ToByteString(), SizeBytes = segment.Length };
        return commit;
    }
}
