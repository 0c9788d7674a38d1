using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ptorrent.Harbor.Links;
using Ptorrent.Link;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Network;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Harbor.Api;

/// <summary>Agents: what there are, and the link on which they come; and whether the harbor lives.</summary>
internal sealed class NetworkApi(HarborLoop loop, LinkEndpoint links, CancellationToken stop)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiPaths.Health, HealthAsync);
        routes.MapGet(ApiPaths.Network, GetAsync);
        routes.MapGet(LinkLimits.Path, LinkAsync);
    }

    private static Task HealthAsync(HttpContext context) => context.Response.WriteAsync("ok", context.RequestAborted);

    private async Task GetAsync(HttpContext context)
    {
        NetworkStatus network = await loop.AskAsync(state => state.Network(), context.RequestAborted);
        await JsonAnswers.WriteAsync(context, StatusCodes.Status200OK, network, ModelJson.Default.NetworkStatus);
    }

    private async Task LinkAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue,
                "link",
                string.Empty,
                "agents come here with a WebSocket",
                "See docs/protocol/link.md"));
        }

        // An idle link is silent: TCP tells of a broken one.
        WebSocketLink link = new(await context.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { KeepAliveInterval = Timeout.InfiniteTimeSpan }));
        await links.ServeAsync(link, stop);
    }
}
