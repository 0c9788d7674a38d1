using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Harbor.Hosting;
using Ptorrent.Tests.Link;
using Xunit;

namespace Ptorrent.Tests.Harbor.Hosting;

// Goal: the system tells the harbor of agents that are gone without a word.
public sealed class WebServerTests
{
    [Fact]
    public async Task AcceptedConnection_IsWatchedByTheSystem()
    {
        IPEndPoint anywhere = new(IPAddress.Loopback, 0);
        await using WebApplication web = WebServer.Build(anywhere, NullLoggerFactory.Instance);
        Socket? accepted = null;
        web.Run(context =>
        {
            accepted = context.Features.Get<IConnectionSocketFeature>()?.Socket;
            KeepAliveTests.AssertWatched(accepted!);
            return Task.CompletedTask;
        });
        Uri address = await WebServer.ListenAsync(web, anywhere, CancellationToken.None);

        using HttpClient client = new();
        using HttpResponseMessage response = await client.GetAsync(address);

        Assert.NotNull(accepted);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
