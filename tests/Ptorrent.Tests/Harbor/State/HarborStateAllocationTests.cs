using System.Runtime.InteropServices;
using Google.Protobuf;
using Ptorrent.Harbor.Admission;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Harbor.State;

/// <summary>What jobs and commits cost in memory: nothing for an index, nothing for a fragment.</summary>
public sealed class HarborStateAllocationTests
{
    private const long AdmissionBytesMax = 64 * 1024;
    private const int CommitBytesMax = 1024;

    [Fact]
    public void Submit_OfATrillionIndices_CostsWhatAThousandCost()
    {
        long few = AllocatedBySubmitting(1000);
        long very = AllocatedBySubmitting(1_000_000_000_000);
        Assert.InRange(very, 1, AdmissionBytesMax);
        Assert.InRange(very, few - 512, few + 512);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public void Commit_FromFrameToRecord_AllocatesItsContentOnceAndLittleMore(int fragments)
    {
        const int Warm = 100;
        const int Measured = 100;
        HarborStateBench bench = new HarborStateBench()
            .Submit(1, HarborStateBench.Job(1, 1_000_000_000)).Store().Join(1, 1);
        Grant lease = LongLease(bench, (Warm + Measured + 1) * fragments);
        byte[][] frames = new byte[Warm + Measured][];
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] = FrameOf(lease, lease.Begin + ((i + 1) * fragments), fragments * LinkLimits.InlineBytesMax / 64);
        }

        List<HarborEffect> effects = new(16);
        long before = 0;
        for (int i = 0; i < frames.Length; i++)
        {
            if (i == Warm)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            (Commit commit, StorageRecord.SegmentAdded? record) = Take(bench.State, frames[i], effects);
            if (i < Warm)
            {
                AssertSameBytes(commit, record);
            }
        }

        long allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / Measured;
        int content = fragments * LinkLimits.InlineBytesMax / 64;
        Assert.InRange(allocated, content, content + CommitBytesMax);
    }

    /// <summary>As the endpoint, the state and the writer do it.</summary>
    private static (Commit Commit, StorageRecord.SegmentAdded? Record) Take(
        HarborState state,
        byte[] bytes,
        List<HarborEffect> effects)
    {
        Commit commit = FrameCodec.Decode(bytes).Commit;
        SegmentContent content = SegmentContent.Of(commit.Inline.Memory);
        state.Handle(
            new Moment(HarborStateBench.Now, TimeSpan.Zero),
            new HarborEvent.Committed(
                new ChildId(1),
                new LeaseId(commit.Lease),
                new LeaseEpoch(commit.Epoch),
                commit.Upto,
                new Fuel(commit.Fuel),
                TimeSpan.FromMilliseconds(1),
                content,
                0),
            effects);
        StorageRecord.SegmentAdded? record = null;
        foreach (HarborEffect effect in effects)
        {
            record ??= (effect as HarborEffect.Persist)?.Record as StorageRecord.SegmentAdded;
        }

        effects.Clear();
        return (commit, record);
    }

    /// <summary>The writer gives the database the very array that the frame was read into.</summary>
    private static void AssertSameBytes(Commit commit, StorageRecord.SegmentAdded? record)
    {
        Assert.NotNull(record);
        Assert.True(MemoryMarshal.TryGetArray(record.Content.Inline, out ArraySegment<byte> stored));
        Assert.True(MemoryMarshal.TryGetArray(commit.Inline.Memory, out ArraySegment<byte> came));
        Assert.Same(came.Array, stored.Array);
        Assert.Equal(stored.Array!.Length, stored.Count);
    }

    private static byte[] FrameOf(Grant lease, long upto, int bytes) => FrameCodec.Encode(new Frame
    {
        Commit = new Commit
        {
            Lease = lease.Lease,
            Epoch = lease.Epoch,
            Upto = upto,
            Fuel = 1000,
            BusyMicroseconds = 1000,
            Inline = ByteString.CopyFrom(new byte[bytes]),
        },
    });

    /// <summary>Commits leases until one is long enough.</summary>
    private static Grant LongLease(HarborStateBench bench, long count)
    {
        Queue<Grant> leases = new(bench.GrantsTo(1));
        while (true)
        {
            Grant lease = leases.Dequeue();
            if (lease.End - lease.Begin >= count)
            {
                return lease;
            }

            bench.Commit(1, lease, lease.End);
            foreach (Grant next in bench.GrantsTo(1))
            {
                leases.Enqueue(next);
            }

            bench.Store();
            foreach (Grant next in bench.GrantsTo(1))
            {
                leases.Enqueue(next);
            }
        }
    }

    private static long AllocatedBySubmitting(long end)
    {
        AdmittedJob job = HarborStateBench.Job(9, end);
        HarborState state = new(new HarborId(1), "bench", new LeaseEpoch(1), 0);
        List<HarborEffect> effects = [];
        Moment now = new(HarborStateBench.Now, TimeSpan.Zero);
        state.Handle(now, new HarborEvent.JobSubmitted(1, HarborStateBench.Job(1, 5)), effects);
        long before = GC.GetAllocatedBytesForCurrentThread();
        state.Handle(now, new HarborEvent.JobSubmitted(2, job), effects);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
