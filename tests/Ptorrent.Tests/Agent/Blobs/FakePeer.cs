using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Serialization;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Agent.Blobs;

/// <summary>Says at the harbor that it has all of a blob, and answers as a test wants.</summary>
internal sealed class FakePeer : IAsyncDisposable
{
    private readonly WebApplication _web;
    private int _requestCount;

    private FakePeer(WebApplication web) => _web = web;

    public int RequestCount => Volatile.Read(ref _requestCount);

    public static async Task<FakePeer> StartAsync(
        TestHarbor harbor, AgentId agent, Digest digest, long sizeBytes, RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        FakePeer peer = new(builder.Build());
        peer._web.Urls.Add("http://127.0.0.1:0");
        peer._web.Run(context =>
        {
            Interlocked.Increment(ref peer._requestCount);
            return answer(context);
        });
        await peer._web.StartAsync();
        string address = peer._web.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.Single()["http://".Length..];
        PieceReport report = new()
        {
            Address = address,
            Have = PieceMap.Whole(PieceLayer.CountOf(sizeBytes)).ToByteArray(),
        };
        using HttpResponseMessage told = await harbor.Client.PutAsync(
            new Uri($"api/blobs/{digest}/sources/{agent}", UriKind.Relative),
            JsonContent.Create(report, ModelJson.Default.PieceReport));
        Assert.True(told.IsSuccessStatusCode, await told.Content.ReadAsStringAsync());
        return peer;
    }

    public async ValueTask DisposeAsync() => await _web.DisposeAsync();
}
