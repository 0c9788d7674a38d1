using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Net.Http.Headers;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>
/// Hands pieces of blobs on to other agents: <c>GET /blobs/{digest}</c> with a range of at most one piece's length, and
/// nothing else. Whoever knows a blob's digest may read it. Connections, transfers and bytes a second are bounded.
/// </summary>
internal sealed class ShareListener : IAsyncDisposable
{
    private const int ConnectionCountMax = 64;
    private const int TransferCountMax = 8;
    private const double ReadBytesPerSecondMin = 64 * 1024;
    private const string Prefix = "/blobs/";

    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(1);

    private readonly BlobCache _cache;
    private readonly RateLimit _rate;
    private readonly SemaphoreSlim _transfers = new(TransferCountMax);
    private readonly WebApplication _web;

    private ShareListener(BlobCache cache, RateLimit rate, WebApplication web)
    {
        _cache = cache;
        _rate = rate;
        _web = web;
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; private set; }

    /// <summary>The path of a blob.</summary>
    public static string PathOf(Digest digest) => Prefix + digest;

    /// <summary>Begins to listen.</summary>
    /// <param name="cache">What is handed on.</param>
    /// <param name="options">Port and rate.</param>
    /// <param name="own">This device's address towards the harbor: where that is on this machine, so are the others.
    /// </param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<ShareListener> StartAsync(
        BlobCache cache, SharingOptions options, IPAddress own, TimeProvider time, CancellationToken stop)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopTimeMax);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = ConnectionCountMax;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(15);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);

            // Whoever reads slower would keep others from one of the few transfers.
            kestrel.Limits.MinResponseDataRate = new MinDataRate(ReadBytesPerSecondMin, TimeSpan.FromSeconds(3));
            if (IPAddress.IsLoopback(own))
            {
                kestrel.Listen(own, options.Port);
            }
            else
            {
                kestrel.ListenAnyIP(options.Port);
            }
        });
        ShareListener listener = new(cache, new RateLimit(options.BytesPerSecondMax, time), builder.Build());
        try
        {
            listener._web.Run(listener.AnswerAsync);
            await listener._web.StartAsync(stop);
            listener.Port = new Uri(listener._web.Services
                .GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
            return listener;
        }
        catch
        {
            await listener.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _transfers.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        string path = context.Request.Path.Value ?? string.Empty;
        if (!HttpMethods.IsGet(context.Request.Method)
            || !path.StartsWith(Prefix, StringComparison.Ordinal)
            || !Digest.TryParse(path[Prefix.Length..], out Digest digest)
            || context.Request.GetTypedHeaders().Range is not { Unit.Value: "bytes", Ranges.Count: 1 } asked
            || asked.Ranges.Single() is not { From: { } begin, To: { } last }
            || last - begin is < 0 or >= PieceLayer.PieceBytes)
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        int length = (int)(last - begin) + 1;
        await _transfers.WaitAsync(context.RequestAborted);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Memory<byte> bytes = buffer.AsMemory(0, length);
            if (!await _cache.TryReadAsync(digest, begin, bytes, context.RequestAborted))
            {
                response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            await _rate.TakeAsync(length, context.RequestAborted);
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.ContentLength = length;
            response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(begin, last);
            await response.Body.WriteAsync(bytes, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _transfers.Release();
        }
    }

    /// <summary>Signals belong to the program that hosts the agent.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
