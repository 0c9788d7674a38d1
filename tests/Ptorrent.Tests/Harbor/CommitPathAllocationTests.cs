using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Harbor;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Harbor.Products;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Harbor;

/// <summary>What a commit costs in memory on its way through the harbor does not depend on how many fragments it is of.
/// </summary>
public sealed class CommitPathAllocationTests
{
    private const int Rounds = 200;
    private const int BytesACommitMax = 1024;

    [Fact]
    public void Decode_OfACommit_AllocatesItsContentAndLittleMore()
    {
        byte[] bytes = FrameCodec.Encode(new Frame
        {
            Commit = new Commit
            {
                Lease = 1,
                Epoch = 1,
                Upto = 64_000,
                Inline = ByteString.CopyFrom(new byte[LinkLimits.InlineBytesMax]),
            },
        });
        long allocated = Allocated(() => Assert.NotNull(FrameCodec.Decode(bytes)));
        Assert.InRange(allocated, LinkLimits.InlineBytesMax, LinkLimits.InlineBytesMax + BytesACommitMax);
    }

    [Fact]
    public void Product_OfSegmentsInMemory_AllocatesNextToNothing()
    {
        using TemporaryFolder home = new();
        using BlobStore blobs = new(home.Path, 1 << 20, NullLogger<BlobStore>.Instance);
        using SegmentStream segments = new(blobs, Stream.Null);
        JobFeed feed = new(new TailBudget(64 << 20));
        SegmentContent content = SegmentContent.Of(new byte[LinkLimits.InlineBytesMax]);
        List<SegmentRow> rows = [];
        long next = 0;
        long allocated = Allocated(() =>
        {
            feed.Add(new SegmentRow(new IndexRange(next, next + 1000), content));
            feed.Change(next + 1000, ProductState.Growing);
            rows.Clear();
            feed.CopyTailTo(rows, next);
            Assert.Single(rows);
            ValueTask writing = segments.WriteAsync(rows, CancellationToken.None);
            Assert.True(writing.IsCompletedSuccessfully);
            next += 1000;
        });
        Assert.InRange(allocated, 0, BytesACommitMax);
    }

    /// <summary>Bytes that one round allocates, after a warm-up.</summary>
    private static long Allocated(Action round)
    {
        for (int i = 0; i < Rounds; i++)
        {
            round();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
        {
            round();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
    }
}
