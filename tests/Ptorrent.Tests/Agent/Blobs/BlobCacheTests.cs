using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Agent.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Xunit;

namespace Ptorrent.Tests.Agent.Blobs;

public sealed class BlobCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ptorrent-blobs-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Read_WhatWasStored_IsIt()
    {
        BlobCache cache = Open();
        byte[] bytes = Bytes(1, 40_000);
        Digest digest = MerkleHasher.RootOf(bytes);

        Assert.Null(await cache.ReadAsync(digest, CancellationToken.None));
        cache.Store(digest, bytes, CancellationToken.None).Dispose();

        Assert.Equal(bytes, (await cache.ReadAsync(digest, CancellationToken.None))!.Content.ToArray());
        Assert.Equal(bytes, (await Open().ReadAsync(digest, CancellationToken.None))!.Content.ToArray());
        Assert.Equal(40_000, cache.Bytes);
    }

    [Fact]
    public async Task Read_FileThatWasChanged_IsNotThereAndDeleted()
    {
        BlobCache cache = Open();
        Digest digest = Store(cache, 1, 40_000);
        string path = Path.Combine(_folder, digest.ToString());
        byte[] changed = await File.ReadAllBytesAsync(path);
        changed[20_000] ^= 1;
        await File.WriteAllBytesAsync(path, changed);

        Assert.Null(await cache.ReadAsync(digest, CancellationToken.None));

        Assert.False(File.Exists(path));
        Assert.Equal(0, cache.Bytes);
    }

    [Fact]
    public async Task Read_FileThatSomebodyDeleted_IsNotThere()
    {
        BlobCache cache = Open();
        Digest digest = Store(cache, 1, 10);
        File.Delete(Path.Combine(_folder, digest.ToString()));

        Assert.Null(await cache.ReadAsync(digest, CancellationToken.None));
        Assert.False(IsThere(cache, digest));
    }

    [Fact]
    public async Task Store_OverTheLimit_DropsTheOneUsedLongestAgo()
    {
        BlobCache cache = Open(bytesMax: 3000);
        Digest[] digests =
        [
            Store(cache, 1, 1000),
            Store(cache, 2, 1000),
            Store(cache, 3, 1000),
        ];
        Assert.True(IsThere(cache, digests[0]));

        Digest fourth = Store(cache, 4, 1000);

        Assert.Equal(3000, cache.Bytes);
        Assert.False(IsThere(cache, digests[1]));
        Assert.All([digests[0], digests[2], fourth], d => Assert.True(IsThere(cache, d)));
        Assert.Equal(3, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public async Task Store_DiskRefuses_SaysSoAndLeavesNothing()
    {
        BlobCache cache = Open();
        byte[] bytes = Bytes(1, 10);
        Digest digest = MerkleHasher.RootOf(bytes);

        // A folder where the file should be: the rename fails as it would on a full or read-only disk.
        Directory.CreateDirectory(Path.Combine(_folder, digest.ToString()));

        Assert.ThrowsAny<IOException>(() => cache.Store(digest, bytes, CancellationToken.None));
        Assert.Empty(Directory.GetFiles(_folder));
        Assert.Null(await cache.ReadAsync(digest, CancellationToken.None));
    }

    [Fact]
    public async Task Open_AfterACrash_TidiesUpAndKeepsTheLimit()
    {
        Digest old = Store(Open(), 1, 1000);
        Digest young = Store(Open(), 2, 1000);
        File.SetLastAccessTimeUtc(Path.Combine(_folder, old.ToString()), DateTime.UnixEpoch);
        await File.WriteAllTextAsync(Path.Combine(_folder, "7.new"), "half");
        await File.WriteAllTextAsync(Path.Combine(_folder, "readme"), "not ours");

        BlobCache cache = Open(bytesMax: 1500);

        Assert.False(IsThere(cache, old));
        Assert.True(IsThere(cache, young));
        Assert.Equal(
            [young.ToString(), "readme"],
            Directory.GetFiles(_folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Store_WhatIsHeld_IsNotDroppedForIt()
    {
        BlobCache cache = Open(bytesMax: 2000);
        Digest first = Store(cache, 1, 1000);
        BlobHold hold = cache.TryHold(first)!;

        Digest second = Store(cache, 2, 1000);
        Digest third = Store(cache, 3, 1000);
        Assert.True(IsThere(cache, first));
        Assert.False(IsThere(cache, second));

        // Where all is held there is more than the limit, until one is let go.
        using BlobHold other = cache.TryHold(third)!;
        using BlobHold last = cache.Store(
            MerkleHasher.RootOf(Bytes(4, 1000)), Bytes(4, 1000), CancellationToken.None);
        Assert.Equal(3000, cache.Bytes);
        hold.Dispose();
        Assert.Equal(2000, cache.Bytes);
        Assert.False(IsThere(cache, first));
    }

    [Fact]
    public async Task Read_OfAnEarlierLife_IsHashedOnceAndThenTrusted()
    {
        Digest digest = Store(Open(), 1, 40_000);
        BlobCache cache = Open();
        Assert.NotNull(await cache.ReadAsync(digest, CancellationToken.None));
        string path = Path.Combine(_folder, digest.ToString());
        DateTime writtenAt = File.GetLastWriteTimeUtc(path);
        await File.WriteAllBytesAsync(path, Bytes(2, 40_000));
        File.SetLastWriteTimeUtc(path, writtenAt);

        // The change hides behind the old time, so this life does not see it; the next one does.
        Assert.NotNull(await cache.ReadAsync(digest, CancellationToken.None));
        Assert.Null(await Open().ReadAsync(digest, CancellationToken.None));
    }

    private static bool IsThere(BlobCache cache, Digest digest)
    {
        using BlobHold? hold = cache.TryHold(digest);
        return hold is not null;
    }

    private static byte[] Bytes(byte fill, int count) => [.. Enumerable.Repeat(fill, count)];

    private static Digest Store(BlobCache cache, byte fill, int count)
    {
        byte[] bytes = Bytes(fill, count);
        Digest digest = MerkleHasher.RootOf(bytes);
        cache.Store(digest, bytes, CancellationToken.None).Dispose();
        return digest;
    }

    private BlobCache Open(long bytesMax = 1 << 20) =>
        BlobCache.Open(_folder, bytesMax, TimeProvider.System, NullLogger.Instance);
}
