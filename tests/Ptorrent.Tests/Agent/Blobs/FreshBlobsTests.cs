using System.Buffers;
using Ptorrent.Agent.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Agent.Blobs;

public sealed class FreshBlobsTests
{
    [Fact]
    public async Task Take_OfWhatWasAdded_GivesItOnce()
    {
        FreshBlobs fresh = Make(bytesMax: 10);
        using BlobHold hold = await AddAsync(fresh, 1, 10);

        Assert.Equal(Bytes(1, 10), fresh.TryTake(DigestOf(1, 10))!.Content.ToArray());
        Assert.Null(fresh.TryTake(DigestOf(1, 10)));
    }

    [Fact]
    public async Task Reserve_BeyondTheLimit_WaitsUntilAnotherIsTaken()
    {
        FreshBlobs fresh = Make(bytesMax: 10);
        using BlobHold hold = await AddAsync(fresh, 1, 10);
        Task<bool> waiting = fresh.TryReserveAsync(1, CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);

        fresh.TryTake(DigestOf(1, 10))!.Dispose();
        Assert.True(await waiting);
    }

    [Fact]
    public async Task Reserve_WithoutRoomForLong_GivesUp()
    {
        FreshBlobs fresh = new(10, TimeSpan.Zero, TimeProvider.System);
        using BlobHold hold = await AddAsync(fresh, 1, 10);

        Assert.False(await fresh.TryReserveAsync(1, CancellationToken.None));
        fresh.TryTake(DigestOf(1, 10))!.Dispose();
        Assert.True(await fresh.TryReserveAsync(10, CancellationToken.None));
    }

    // Goal: who stops waiting leaves no room behind that is nobody's, and does not stand in the others' way.
    [Fact]
    public async Task Reserve_Cancelled_LetsThoseBehindPass()
    {
        FreshBlobs fresh = Make(bytesMax: 10);
        using BlobHold hold = await AddAsync(fresh, 1, 5);
        using CancellationTokenSource stop = new();
        Task<bool> large = fresh.TryReserveAsync(10, stop.Token).AsTask();
        Task<bool> small = fresh.TryReserveAsync(5, CancellationToken.None).AsTask();
        Assert.False(small.IsCompleted);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        Assert.True(await small);
    }

    [Fact]
    public async Task Hold_OfTheLast_KeepsItUntilItIsDisposedOf()
    {
        FreshBlobs fresh = Make(bytesMax: 10);
        BlobHold first = await AddAsync(fresh, 1, 10);
        BlobHold second = fresh.TryHold(DigestOf(1, 10))!;
        first.Dispose();
        Task<bool> waiting = fresh.TryReserveAsync(10, CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);

        second.Dispose();
        Assert.True(await waiting);
        Assert.Null(fresh.TryHold(DigestOf(1, 10)));
    }

    // Goal: an input from a harbor on this machine, which has it on the same disk, is not written a second time.
    [Fact]
    public async Task Prefetch_FromAHarborOnThisMachine_WritesNoFile()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = Bytes(3, 100_000);
        Digest digest = await harbor.PutAsync(content);
        await using AgentBlobs agent = new(harbor.Host.Address, harbor.Host.AccessKey);

        using BlobHold hold = await agent.Source.PrefetchAsync(digest, content.Length, CancellationToken.None);
        using BlobBytes read = await agent.Source.ReadAsync(digest, content.Length, CancellationToken.None);
        Assert.Equal(content, read.Content.ToArray());
        Assert.Equal(0, agent.Cache.Bytes);

        // Whoever reads it once more has it fetched again.
        using BlobBytes again = await agent.Source.ReadAsync(digest, content.Length, CancellationToken.None);
        Assert.Equal(content, again.Content.ToArray());
    }

    private static byte[] Bytes(byte fill, int count) => [.. Enumerable.Repeat(fill, count)];

    private static Digest DigestOf(byte fill, int count) => MerkleHasher.RootOf(Bytes(fill, count));

    private static async Task<BlobHold> AddAsync(FreshBlobs fresh, byte fill, int count)
    {
        Assert.True(await fresh.TryReserveAsync(count, CancellationToken.None));
        byte[] rented = ArrayPool<byte>.Shared.Rent(count);
        Bytes(fill, count).CopyTo(rented, 0);
        return fresh.Add(DigestOf(fill, count), rented, count);
    }

    private static FreshBlobs Make(long bytesMax) => new(bytesMax, TestHarbor.Patience, TimeProvider.System);
}
