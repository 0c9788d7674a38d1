using System.Globalization;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ptorrent.Link;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Refusals;
using Xunit;

namespace Ptorrent.Tests.Link;

public sealed class WebSocketLinkTests : LinkConformance
{
    private const string Key = "right-key";

    [Fact]
    public async Task Connect_WrongKey_IsRefused()
    {
        await using Server server = await Server.StartAsync();

        RefusedException thrown = await Assert.ThrowsAsync<RefusedException>(
            () => WebSocketLink.ConnectAsync(server.Address, "wrong-key", CancellationToken.None));

        Assert.Equal(RefusalCode.Unauthorized, thrown.Refusal.Code);
        Assert.DoesNotContain("wrong-key", thrown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NobodyThere_SaysSo()
    {
        Uri address;
        await using (Server server = await Server.StartAsync())
        {
            address = server.Address;
        }

        LinkClosedException thrown = await Assert.ThrowsAsync<LinkClosedException>(
            () => WebSocketLink.ConnectAsync(address, Key, CancellationToken.None));

        Assert.True(thrown.IsTransient);
    }

    // Linux tells in /proc which timer a connection has: 02 is keep-alive.
    [Fact]
    public async Task Connect_TheSystemWatchesTheLine()
    {
        await using Server server = await Server.StartAsync();
        await using WebSocketLink child = await WebSocketLink.ConnectAsync(server.Address, Key, CancellationToken.None);

        string port = server.Address.Port.ToString("X4", CultureInfo.InvariantCulture);
        string[] connection = Assert.Single(
            File.ReadLines("/proc/net/tcp").Concat(File.ReadLines("/proc/net/tcp6"))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
            words => words[2].EndsWith($":{port}", StringComparison.Ordinal) && words[3] == "01");

        Assert.StartsWith("02:", connection[5], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LinkLimits.FrameBytesMax + 1, WebSocketMessageType.Binary)]
    [InlineData(4 * LinkLimits.FrameBytesMax, WebSocketMessageType.Binary)]
    [InlineData(3, WebSocketMessageType.Binary)]
    [InlineData(3, WebSocketMessageType.Text)]
    public async Task Receive_NoFrame_IsAProtocolError(int length, WebSocketMessageType type)
    {
        await using Server server = await Server.StartAsync();
        using ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {Key}");
        await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = "/link" }.Uri, default);
        await using WebSocketLink parent = await server.AcceptAsync();
        byte[] bytes = new byte[length];
        Array.Fill(bytes, (byte)0x20);
        Task sending = socket.SendAsync(bytes, type, endOfMessage: true, default);

        await Assert.ThrowsAsync<LinkProtocolException>(
            () => parent.ReceiveAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));

        await parent.DisposeAsync();
        await Record.ExceptionAsync(() => sending);
    }

    internal override async Task<LinkPair> ConnectAsync()
    {
        Server server = await Server.StartAsync();
        WebSocketLink child = await WebSocketLink.ConnectAsync(server.Address, Key, CancellationToken.None);
        WebSocketLink parent = await server.AcceptAsync();
        return new LinkPair(child, parent, server.DisposeAsync);
    }

    private sealed class Server : IAsyncDisposable
    {
        private readonly WebApplication _application;
        private readonly TaskCompletionSource<WebSocketLink> _accepted =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private Server(WebApplication application) => _application = application;

        public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.Single());

        public static async Task<Server> StartAsync()
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            WebApplication application = builder.Build();
            Server server = new(application);
            application.Urls.Add("http://127.0.0.1:0");
            application.UseWebSockets();
            application.Map(LinkLimits.Path, server.HandleAsync);
            await application.StartAsync();
            return server;
        }

        public Task<WebSocketLink> AcceptAsync() => _accepted.Task.WaitAsync(TimeSpan.FromSeconds(30));

        public async ValueTask DisposeAsync()
        {
            _end.TrySetResult();
            await _application.StopAsync();
            await _application.DisposeAsync();
        }

        private async Task HandleAsync(HttpContext context)
        {
            if (context.Request.Headers.Authorization != $"Bearer {Key}")
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }

            WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(
                new WebSocketAcceptContext { KeepAliveInterval = Timeout.InfiniteTimeSpan });
            _accepted.SetResult(new WebSocketLink(socket));
            await _end.Task;
        }
    }
}
