using Ptorrent.Agent.Blobs;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Randomness;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Agent.Blobs;

/// <summary>Blobs from a real harbor over real sockets.</summary>
public sealed class BlobSourceTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(PieceLayer.PieceBytes)]
    [InlineData(PieceLayer.PieceBytes + 1)]
    [InlineData(7_654_321)]
    public async Task Read_OfAnySize_GivesItsBytes(int length)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = Content(length);
        Digest digest = await harbor.PutAsync(content);
        await using AgentBlobs agent = new(harbor.Host.Address, harbor.Host.AccessKey);

        Assert.Equal(content, await agent.ReadAsync(digest, length));
        using BlobFile file = await agent.Source.OpenAsync(digest, length, CancellationToken.None);
        Assert.Equal(length, RandomAccess.GetLength(file.Handle));
        Assert.Equal(length, agent.Cache.Bytes);
    }

    [Fact]
    public async Task Hold_FromManyAtOnce_FetchesOnce()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using CountingProxy proxy = new(harbor.Host.Address);
        byte[] content = Content(4_000_000);
        Digest digest = await harbor.PutAsync(content);
        await using AgentBlobs agent = new(proxy.Address, harbor.Host.AccessKey);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => agent.EnsureAsync(digest, content.Length)));

        Assert.InRange(proxy.Bytes, content.Length, (long)(1.1 * content.Length));
    }

    // Goal: what was fetched before the end of a line or of an agent is not fetched again.
    // Method: cut the line at three quarters, give up, and go on with another agent in the same folder.
    [Fact]
    public async Task Hold_AfterALineThatBroke_FetchesOnlyWhatIsMissing()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        using TemporaryFolder folder = new();
        byte[] content = Content(16 * PieceLayer.PieceBytes);
        Digest digest = await harbor.PutAsync(content);
        await using (CountingProxy breaking = new(harbor.Host.Address))
        {
            breaking.CutAt(12 * PieceLayer.PieceBytes);
            await using AgentBlobs first = new(breaking.Address, harbor.Host.AccessKey, folder: folder.Path);
            await Assert.ThrowsAsync<BlobUnavailableException>(() => first.EnsureAsync(digest, content.Length));
        }

        // A piece that was written only in part, as by a power cut, is found by its hash.
        string part = Path.Combine(folder.Path, $"{digest}.part");
        Assert.True(File.Exists(part));
        await using CountingProxy proxy = new(harbor.Host.Address);
        await using AgentBlobs second = new(proxy.Address, harbor.Host.AccessKey, folder: folder.Path);
        await second.EnsureAsync(digest, content.Length);

        Assert.InRange(proxy.Bytes, PieceLayer.PieceBytes, 12 * PieceLayer.PieceBytes);
        Assert.Equal(content, await second.ReadAsync(digest, content.Length));
        Assert.False(File.Exists(part));
    }

    [Fact]
    public async Task Hold_APartThatWasDamaged_FetchesThePieceAgain()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        using TemporaryFolder folder = new();
        byte[] content = Content(4 * PieceLayer.PieceBytes);
        Digest digest = await harbor.PutAsync(content);
        byte[] damaged = [.. content];
        damaged[(2 * PieceLayer.PieceBytes) + 5] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, $"{digest}.part"), damaged);
        await using CountingProxy proxy = new(harbor.Host.Address);
        await using AgentBlobs agent = new(proxy.Address, harbor.Host.AccessKey, folder: folder.Path);

        await agent.EnsureAsync(digest, content.Length);

        Assert.InRange(proxy.Bytes, PieceLayer.PieceBytes, 2 * PieceLayer.PieceBytes);
        Assert.Equal(content, await agent.ReadAsync(digest, content.Length));
    }

    [Fact]
    public async Task Hold_LargerThanTheCache_IsRefusedForThisDevice()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        Digest digest = await harbor.PutAsync(Content(4_000_000));
        await using AgentBlobs agent =
            new(harbor.Host.Address, harbor.Host.AccessKey, cacheBytesMax: 3_000_000);

        BlobUnavailableException refused = await Assert.ThrowsAsync<BlobUnavailableException>(
            () => agent.EnsureAsync(digest, 4_000_000));

        Assert.Equal(NackReason.NackNoRoom, refused.ToNackReason());
        Assert.Contains("at most 3000000", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hold_DiskRefuses_SaysSoAndLeavesNothing()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        using TemporaryFolder folder = new();
        byte[] content = Content(3_000_000);
        Digest digest = await harbor.PutAsync(content);

        // A folder where the file should be: the rename fails as it would on a full or read-only disk.
        Directory.CreateDirectory(folder.Combine(digest.ToString()));
        await using AgentBlobs agent = new(harbor.Host.Address, harbor.Host.AccessKey, folder: folder.Path);

        BlobUnavailableException refused = await Assert.ThrowsAsync<BlobUnavailableException>(
            () => agent.EnsureAsync(digest, content.Length));

        Assert.Equal(NackReason.NackNoRoom, refused.ToNackReason());
        Assert.Empty(Directory.GetFiles(folder.Path));
        Assert.Equal(0, agent.Cache.Bytes);
    }

    [Fact]
    public async Task Hold_WhenAllWhoWaitHaveGone_StopsAndCanBeginAnew()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = Content(4_000_000);
        Digest digest = await harbor.PutAsync(content);
        await using AgentBlobs agent = new(harbor.Host.Address, harbor.Host.AccessKey);
        using CancellationTokenSource gone = new();
        Task<BlobHold> waiting = agent.Source.HoldAsync(digest, content.Length, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        await agent.EnsureAsync(digest, content.Length);
        Assert.Equal(content, await agent.ReadAsync(digest, content.Length));
    }

    private static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Prng((ulong)length + 3).Fill(content);
        return content;
    }
}
