using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ptorrent.Tests.Harbor.Support;

/// <summary>A web server that takes what is posted to it, and answers as it is told.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ConcurrentQueue<Received> _received = new();
    private readonly ConcurrentQueue<int> _answers;
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WebhookReceiver(WebApplication web, int[] answers)
    {
        _web = web;
        _answers = new ConcurrentQueue<int>(answers);
    }

    public Uri Address { get; private set; } = null!;

    public IReadOnlyList<Received> All => [.. _received];

    /// <summary>Ends when something has been posted.</summary>
    public Task First => _first.Task;

    /// <summary>Starts one that answers with these statuses in turn, and then with 200.</summary>
    public static async Task<WebhookReceiver> StartAsync(params int[] answers)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        WebhookReceiver receiver = new(builder.Build(), answers);
        receiver._web.Run(receiver.ReceiveAsync);
        await receiver._web.StartAsync();
        string address = receiver._web.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        receiver.Address = new Uri(new Uri(address), "/hook?of=mine");
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _web.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        _received.Enqueue(new Received(
            context.Request.Method,
            context.Request.Path + context.Request.QueryString,
            context.Request.Headers["X-Ptorrent-Job"].ToString(),
            context.Request.Headers["X-Ptorrent-State"].ToString(),
            body.ToArray()));
        _first.TrySetResult();
        int status = _answers.TryDequeue(out int given) ? given : StatusCodes.Status200OK;
        context.Response.StatusCode = status;
        if (status is >= 300 and < 400)
        {
            context.Response.Headers.Location = "/elsewhere";
        }
    }

    internal sealed record Received(string Method, string Path, string Job, string State, byte[] Body);
}
