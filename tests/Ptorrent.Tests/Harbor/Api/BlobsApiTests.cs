using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Refusals;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor.Api;

/// <summary>Blobs over HTTP.</summary>
public sealed class BlobsApiTests
{
    [Fact]
    public async Task Put_ThenHeadAndGet_GiveTheSameBytes()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = new byte[300_000];
        new Prng(5).Fill(content);
        Uri path = PathOf(MerkleHasher.RootOf(content));

        using HttpResponseMessage absent =
            await harbor.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal(HttpStatusCode.NotFound, absent.StatusCode);
        using HttpResponseMessage stored = await harbor.Client.PutAsync(path, new ByteArrayContent(content));
        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        using HttpResponseMessage again = await harbor.Client.PutAsync(path, new ByteArrayContent(content));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);

        using HttpResponseMessage head =
            await harbor.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal(content.Length, head.Content.Headers.ContentLength);
        Assert.Equal(content, await harbor.Client.GetByteArrayAsync(path));

        using HttpRequestMessage part = new(HttpMethod.Get, path);
        part.Headers.Range = new RangeHeaderValue(100_000, 100_009);
        using HttpResponseMessage partial = await harbor.Client.SendAsync(part);
        Assert.Equal(HttpStatusCode.PartialContent, partial.StatusCode);
        Assert.Equal(content[100_000..100_010], await partial.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Put_WithAnotherDigest_IsRefusedAndLeavesNothing()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        Digest digest = MerkleHasher.RootOf("this"u8);
        using HttpResponseMessage answer =
            await harbor.Client.PutAsync(PathOf(digest), new ByteArrayContent("that"u8.ToArray()));
        Refusal refusal = await TestHarbor.RefusalOfAsync(answer, HttpStatusCode.UnprocessableEntity);

        Assert.Equal(RefusalCode.DigestMismatch, refusal.Code);
        Assert.Equal(0, CountFiles(harbor));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_TooLarge_IsRefusedAndLeavesNothing(bool saysItsLength)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync(o => o with { BlobBytesMax = 100_000 });
        byte[] content = new byte[100_001];
        Uri path = PathOf(MerkleHasher.RootOf(content));
        using HttpRequestMessage request = new(HttpMethod.Put, path) { Content = new ByteArrayContent(content) };
        request.Headers.TransferEncodingChunked = saysItsLength ? null : true;
        using HttpResponseMessage answer = await harbor.Client.SendAsync(request);
        Refusal refusal = await TestHarbor.RefusalOfAsync(answer, HttpStatusCode.RequestEntityTooLarge);

        Assert.Equal(RefusalCode.TooLarge, refusal.Code);
        Assert.Equal(0, CountFiles(harbor));
    }

    // Goal: a disk that is full in mid-upload is told as such, and nothing half written stays.
    // Method: the error that the disk would give comes out of the content.
    [Fact]
    public async Task Put_DiskFull_IsRefusedAndLeavesNothing()
    {
        using TemporaryFolder home = new();
        using BlobStore blobs = new(home.Path, 1 << 20, NullLogger<BlobStore>.Instance);
        Digest digest = MerkleHasher.RootOf("some"u8);

        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(
            () => blobs.PutAsync(digest, new FullDiskStream(), null, CancellationToken.None));

        Assert.Equal(RefusalCode.NoSpace, refused.Refusal.Code);
        Assert.Empty(Directory.GetFiles(home.Path, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("..%2F..%2Faccess.key")]
    public async Task Get_WhatIsNotThere_IsNotFound(string digest)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        using HttpResponseMessage answer =
            await harbor.Client.GetAsync(new Uri($"api/blobs/{digest}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Get_OfABlobThatWasDamaged_GivesNothingOutAndSetsItAside()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = new byte[1_000_000];
        Digest digest = await harbor.PutAsync(content);
        string file = Path.Combine(harbor.Home, "blobs", digest.ToString()[..2], digest.ToString()[2..]);
        await using (FileStream damage = new(file, FileMode.Open, FileAccess.Write))
        {
            damage.Position = 500_000;
            damage.WriteByte(1);
        }

        using HttpResponseMessage gone = await harbor.Client.GetAsync(PathOf(digest));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.True(File.Exists(Path.Combine(harbor.Home, "blobs", "damaged", digest.ToString())));
        Assert.Contains("is damaged", harbor.Log.Text, StringComparison.Ordinal);

        // It may be sent again.
        Assert.Equal(digest, await harbor.PutAsync(content));
        Assert.Equal(content, await harbor.Client.GetByteArrayAsync(PathOf(digest)));
    }

    // Goal: damage that no time of writing tells is found when somebody doubts the bytes that he got.
    [Fact]
    public async Task Get_WithNoCacheOfABlobThatWasDamagedUnseen_SetsItAside()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = new byte[1_000_000];
        Digest digest = await harbor.PutAsync(content);
        string file = Path.Combine(harbor.Home, "blobs", digest.ToString()[..2], digest.ToString()[2..]);
        DateTime writtenAt = File.GetLastWriteTimeUtc(file);
        content[500_000] = 1;
        await File.WriteAllBytesAsync(file, content);
        File.SetLastWriteTimeUtc(file, writtenAt);
        Assert.Equal(content, await harbor.Client.GetByteArrayAsync(PathOf(digest)));

        using HttpRequestMessage doubting = new(HttpMethod.Get, PathOf(digest));
        doubting.Headers.CacheControl = new CacheControlHeaderValue { NoCache = true };
        using HttpResponseMessage gone = await harbor.Client.SendAsync(doubting);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=299999-", 299_999, 300_000)]
    [InlineData("bytes=299990-400000", 299_990, 300_000)]
    [InlineData("bytes=-10", 299_990, 300_000)]
    [InlineData("bytes=-400000", 0, 300_000)]
    public async Task Get_OfARange_GivesThatPart(string range, int begin, int end)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = new byte[300_000];
        new Prng(5).Fill(content);
        using HttpRequestMessage request = new(HttpMethod.Get, PathOf(await harbor.PutAsync(content)));
        request.Headers.Range = RangeHeaderValue.Parse(range);
        using HttpResponseMessage answer = await harbor.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(new ContentRangeHeaderValue(begin, end - 1, 300_000), answer.Content.Headers.ContentRange);
        Assert.Equal(content[begin..end], await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=300000-")]
    [InlineData("bytes=-0")]
    public async Task Get_OfARangeThatItDoesNotHave_SaysHowLongItIs(string range)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Get, PathOf(await harbor.PutAsync(new byte[300_000])));
        request.Headers.Range = RangeHeaderValue.Parse(range);
        using HttpResponseMessage answer = await harbor.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, answer.StatusCode);
        Assert.Equal(new ContentRangeHeaderValue(300_000), answer.Content.Headers.ContentRange);
    }

    [Fact]
    public async Task GetPieces_GivesHashesUnderTheDigest_AlsoAfterARestart()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = new byte[3_000_000];
        new Prng(5).Fill(content);
        Digest digest = await harbor.PutAsync(content);
        Uri path = new($"api/blobs/{digest}/pieces", UriKind.Relative);
        byte[] hashes = await harbor.Client.GetByteArrayAsync(path);

        Assert.True(PieceLayer.TryRead(hashes, digest, content.Length, out PieceLayer? layer));
        Assert.True(layer.IsPiece(2, content.AsSpan(2 * PieceLayer.PieceBytes)));
        await harbor.RestartAsync();
        Assert.Equal(hashes, await harbor.Client.GetByteArrayAsync(path));
    }

    [Fact]
    public async Task PostMissing_OfManyDigests_NamesThoseThatAreNotHere()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        Digest here = await harbor.PutAsync([1]);
        Digest absent = MerkleHasher.RootOf("absent"u8);
        Uri path = new("api/blobs/missing", UriKind.Relative);
        using HttpResponseMessage answer = await harbor.Client.PostAsync(
            path, new StringContent($"[\"{here}\",\"{absent}\"]"));
        Assert.Equal($"[\"{absent}\"]", await answer.Content.ReadAsStringAsync());

        string tooMany = $"[{string.Join(',', Enumerable.Repeat($"\"{here}\"", 1001))}]";
        using HttpResponseMessage refused = await harbor.Client.PostAsync(path, new StringContent(tooMany));
        await TestHarbor.RefusalOfAsync(refused, HttpStatusCode.RequestEntityTooLarge);
        using HttpResponseMessage malformed = await harbor.Client.PostAsync(path, new StringContent("[\"zz\"]"));
        await TestHarbor.RefusalOfAsync(malformed, HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Start_AfterAnUploadThatWasCutOff_RemovesWhatIsLeft()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        string leftover = Path.Combine(harbor.Home, "blobs", "incoming", "0123");
        await File.WriteAllTextAsync(leftover, "half of it");
        await harbor.RestartAsync();
        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public async Task Put_TheSameFromManyAtOnce_StoresItOnce()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = new byte[200_000];
        new Prng(6).Fill(content);
        Digest[] digests = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => harbor.PutAsync(content)));

        Assert.Single(digests.Distinct());
        Assert.Equal(1, CountFiles(harbor));
    }

    private static Uri PathOf(Digest digest) => new($"api/blobs/{digest}", UriKind.Relative);

    private static int CountFiles(TestHarbor harbor) =>
        Directory.GetFiles(Path.Combine(harbor.Home, "blobs"), "*", SearchOption.AllDirectories).Length;

    private sealed class FullDiskStream : MemoryStream
    {
        private const int NoSpaceLeft = 28;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("No space left on device", NoSpaceLeft);
    }
}
