using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ptorrent.Link;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Tests.Agent;

/// <summary>A harbor that does what a test tells it: links on a real WebSocket, blobs over real HTTP, nothing by
/// itself.</summary>
internal sealed class FakeHarbor : IAsyncDisposable
{
    public const string Key = "the-right-key";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _application;
    private readonly CancellationTokenSource _end = new();
    private readonly Channel<FakeHarborLink> _links = Channel.CreateBounded<FakeHarborLink>(16);

    private FakeHarbor(WebApplication application) => _application = application;

    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.Single());

    public ConcurrentDictionary<Digest, byte[]> Blobs { get; } = new();

    public int FetchCount { get; private set; }

    public static async Task<FakeHarbor> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication application = builder.Build();
        FakeHarbor harbor = new(application);
        application.Urls.Add("http://127.0.0.1:0");
        application.UseWebSockets();
        application.Use(async (context, next) =>
        {
            if (context.Request.Headers.Authorization != $"Bearer {Key}")
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }

            await next(context);
        });
        application.Map(LinkLimits.Path, harbor.HandleLinkAsync);
        application.MapGet("/api/blobs/{digest}", harbor.HandleGet);
        application.MapGet("/api/blobs/{digest}/pieces", harbor.HandleGetPieces);
        application.MapPut("/api/blobs/{digest}", harbor.HandlePutAsync);
        await application.StartAsync();
        return harbor;
    }

    public Digest Store(byte[] bytes)
    {
        Digest digest = MerkleHasher.RootOf(bytes);
        Blobs[digest] = bytes;
        return digest;
    }

    /// <summary>The next link that an agent makes, welcomed.</summary>
    public async Task<FakeHarborLink> AcceptAsync(bool cancelsHoldings = true)
    {
        FakeHarborLink link = await _links.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        await link.GreetAsync(cancelsHoldings);
        return link;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _application.StopAsync();
        await _application.DisposeAsync();
        _end.Dispose();
    }

    private async Task HandleLinkAsync(HttpContext context)
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        await using FakeHarborLink link = new(new WebSocketLink(socket));
        await _links.Writer.WriteAsync(link);
        await link.ReadAllAsync(_end.Token);
    }

    private IResult HandleGet(string digest)
    {
        FetchCount++;
        return Digest.TryParse(digest, out Digest parsed) && Blobs.TryGetValue(parsed, out byte[]? bytes)
            ? Results.Bytes(bytes, enableRangeProcessing: true)
            : Results.NotFound();
    }

    private IResult HandleGetPieces(string digest)
    {
        if (!Digest.TryParse(digest, out Digest parsed) || !Blobs.TryGetValue(parsed, out byte[]? bytes))
        {
            return Results.NotFound();
        }

        MerkleHasher hasher = new(keepsPieces: true);
        hasher.Append(bytes);
        return Results.Bytes(hasher.FinishPieces().ToByteArray());
    }

    private async Task<IResult> HandlePutAsync(string digest, HttpRequest request)
    {
        using MemoryStream body = new();
        await request.Body.CopyToAsync(body);
        return Digest.TryParse(digest, out Digest parsed) && Store(body.ToArray()) == parsed
            ? Results.Created()
            : Results.UnprocessableEntity();
    }
}
