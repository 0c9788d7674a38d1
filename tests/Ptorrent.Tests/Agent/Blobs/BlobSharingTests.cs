using Microsoft.AspNetCore.Http;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Randomness;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Agent.Blobs;

/// <summary>Agents that hand blobs on to each other, with a real harbor and real sockets.</summary>
public sealed class BlobSharingTests
{
    private static readonly AgentId Other = new(99);

    // Goal: an input for many machines leaves the harbor about once.
    // Method: ten agents want 64 MB at once; every byte that the harbor sends passes a proxy that counts.
    [Fact]
    public async Task Hold_TenAgentsAtOnce_TheBlobLeavesTheHarborAboutOnce()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using CountingProxy proxy = new(harbor.Host.Address);
        byte[] content = Content(64_000_000);
        Digest digest = await harbor.PutAsync(content);
        AgentBlobs[] agents =
        [
            .. Enumerable.Range(1, 10).Select(
                i => new AgentBlobs(proxy.Address, harbor.Host.AccessKey, (ulong)i, shares: true)),
        ];
        try
        {
            await Task.WhenAll(agents.Select(a => a.EnsureAsync(digest, content.Length)));

            Assert.InRange(proxy.Bytes, content.Length, (long)(1.3 * content.Length));
            byte[] last = await agents[^1].ReadAsync(digest, content.Length);
            Assert.Equal(content, last);
        }
        finally
        {
            await Task.WhenAll(agents.Select(a => a.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task Hold_WhatAnotherAgentHas_DoesNotLeaveTheHarborAgain()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using CountingProxy proxy = new(harbor.Host.Address);
        byte[] content = Content(5_000_000);
        Digest digest = await harbor.PutAsync(content);
        await using AgentBlobs first = new(proxy.Address, harbor.Host.AccessKey, 1, shares: true);
        await first.EnsureAsync(digest, content.Length);
        await using AgentBlobs second = new(proxy.Address, harbor.Host.AccessKey, 2, shares: true);
        await second.EnsureAsync(digest, content.Length);

        Assert.InRange(proxy.Bytes, content.Length, (long)(1.1 * content.Length));
        Assert.Equal(content, await second.ReadAsync(digest, content.Length));
    }

    [Fact]
    public async Task Hold_ALyingPeer_CostsOnePieceAndIsNamed()
    {
        await AssertOvercomesAsync(
            async context =>
            {
                context.Response.StatusCode = StatusCodes.Status206PartialContent;
                await context.Response.Body.WriteAsync(new byte[PieceLayer.PieceBytes]);
            },
            "other bytes");
    }

    [Fact]
    public async Task Hold_ADyingPeer_IsLeftForTheHarbor()
    {
        await AssertOvercomesAsync(
            async context =>
            {
                context.Response.StatusCode = StatusCodes.Status206PartialContent;
                context.Response.ContentLength = PieceLayer.PieceBytes;
                await context.Response.Body.WriteAsync(new byte[1000]);
                await context.Response.Body.FlushAsync();
                context.Abort();
            },
            "did not come from");
    }

    [Fact]
    public async Task Hold_ASlowPeer_IsGivenUpInTime()
    {
        await AssertOvercomesAsync(
            async context =>
            {
                context.Response.StatusCode = StatusCodes.Status206PartialContent;
                context.Response.ContentLength = PieceLayer.PieceBytes;
                await context.Response.Body.WriteAsync(new byte[1000]);
                await context.Response.Body.FlushAsync();
                TaskCompletionSource gone = new();
                await using CancellationTokenRegistration end = context.RequestAborted.Register(gone.SetResult);
                await gone.Task;
            },
            "took longer than 0.5 s");
    }

    [Fact]
    public async Task Report_OfAnotherNetworksAddress_IsRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        Digest digest = await harbor.PutAsync(Content(3_000_000));
        Uri path = new($"api/blobs/{digest}/sources/{Other}", UriKind.Relative);
        string[] bodies =
        [
            """{"address":"8.8.8.8:80","have":"AA=="}""",
            """{"address":"192.168.1.1:80","have":"AA=="}""",
            """{"address":"127.0.0.1:0","have":"AA=="}""",
            """{"address":"127.0.0.1:80","have":"AAA="}""",
            """{"address":"127.0.0.1:80","have":"CA=="}""",
            """{"address":"127.0.0.1:80","have":"AA==","wants":65}""",
            """{"address":"127.0.0.1:80","have":"AA==","patienceMilliseconds":-1}""",
            """{"have":"AA=="}""",
            "null",
            "nonsense",
        ];
        foreach (string body in bodies)
        {
            using HttpResponseMessage answer = await harbor.Client.PutAsync(path, new StringContent(body));
            await TestHarbor.RefusalOfAsync(answer, System.Net.HttpStatusCode.UnprocessableEntity);
        }

        using HttpResponseMessage good = await harbor.Client.PutAsync(
            path, new StringContent("""{"address":"127.0.0.1:80","have":"AA==","wants":2}"""));
        Assert.Equal(
            """{"version":1,"pieces":[0,1],"sources":[]}""", await good.Content.ReadAsStringAsync());
    }

    /// <summary>One agent fetches while a peer that says it has everything answers badly.</summary>
    private static async Task AssertOvercomesAsync(RequestDelegate answer, string reason)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] content = Content(6_000_000);
        Digest digest = await harbor.PutAsync(content);
        await using FakePeer peer = await FakePeer.StartAsync(harbor, Other, digest, content.Length, answer);
        await using AgentBlobs agent = new(
            harbor.Host.Address,
            harbor.Host.AccessKey,
            shares: true,
            pieceTimeMax: reason.Contains("longer", StringComparison.Ordinal) ? TimeSpan.FromSeconds(0.5) : null);

        await agent.EnsureAsync(digest, content.Length);

        Assert.Equal(content, await agent.ReadAsync(digest, content.Length));
        Assert.InRange(peer.RequestCount, 1, 2);
        Assert.Contains(Other.ToString(), agent.Log.Text, StringComparison.Ordinal);
        Assert.Contains(reason, agent.Log.Text, StringComparison.Ordinal);
    }

    private static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Prng(7).Fill(content);
        return content;
    }
}
