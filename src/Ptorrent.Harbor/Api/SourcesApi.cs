using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Harbor.Api;

/// <summary>Which agents of one network have which pieces of a blob, and who of them fetches which from here.</summary>
internal sealed class SourcesApi(BlobStore blobs, PieceSwarms swarms, CancellationToken stop)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut(ApiPaths.Source, PutAsync);
        routes.MapDelete(ApiPaths.Source, DeleteAsync);
    }

    private async Task PutAsync(HttpContext context)
    {
        (SwarmKey key, AgentId agent, IPAddress seen) = SubjectOf(context);
        PieceReport report = await ReadAsync(context);
        long sizeBytes = blobs.SizeOf(key.Blob) ?? throw BlobsApi.NotFound(key.Blob.ToString());
        PieceMap have = PieceMap.TryRead(report.Have.Span, PieceLayer.CountOf(sizeBytes))
            ?? throw Refuse("have", $"{report.Have.Length} bytes", "it has one bit for each piece of the blob");
        Check(report, seen);
        using CancellationTokenSource end =
            CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stop);
        PieceAdvice advice = await swarms.ReportAsync(key, agent, report, have, end.Token);
        await JsonAnswers.WriteAsync(context, StatusCodes.Status200OK, advice, ModelJson.Default.PieceAdvice);
    }

    private Task DeleteAsync(HttpContext context)
    {
        (SwarmKey key, AgentId agent, _) = SubjectOf(context);
        swarms.Leave(key, agent);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static (SwarmKey Key, AgentId Agent, IPAddress Seen) SubjectOf(HttpContext context)
    {
        string text = context.Request.RouteValues["agent"] as string ?? string.Empty;
        if (!PrefixedId.TryParse(text, out AgentId agent))
        {
            throw Refuse("agent", text, "it is an agent's id");
        }

        IPAddress seen = context.Connection.RemoteIpAddress ?? IPAddress.None;
        seen = seen.IsIPv4MappedToIPv6 ? seen.MapToIPv4() : seen;
        return (new SwarmKey(BlobsApi.DigestOf(context), LocalNetwork.Of(seen)), agent, seen);
    }

    private static async Task<PieceReport> ReadAsync(HttpContext context)
    {
        try
        {
            PieceReport report = await JsonSerializer.DeserializeAsync(
                    context.Request.Body, ModelJson.Default.PieceReport, context.RequestAborted)
                ?? throw Refuse("body", "null", "it is a report");
            return report.Lost.IsDefault ? report with { Lost = [] } : report;
        }
        catch (JsonException exception)
        {
            throw Refuse("body", string.Empty, exception.Message.TrimEnd('.'));
        }
    }

    private static void Check(PieceReport report, IPAddress seen)
    {
        if (!IPEndPoint.TryParse(report.Address, out IPEndPoint? address)
            || address.Port == 0
            || !LocalNetwork.IsNear(seen, address.Address))
        {
            throw Refuse(
                "address", report.Address, "it is an address on the agent's own network, and a port");
        }

        if (report.Wants is < 0 or > PieceReport.WantsMax)
        {
            throw Refuse("wants", $"{report.Wants}", $"it is from 0 to {PieceReport.WantsMax}");
        }

        if (report.PatienceMilliseconds is < 0 or > PieceReport.PatienceMillisecondsMax)
        {
            throw Refuse(
                "patienceMilliseconds",
                $"{report.PatienceMilliseconds}",
                $"it is from 0 to {PieceReport.PatienceMillisecondsMax}");
        }

        if (report.Lost.Length > PieceReport.LostCountMax)
        {
            throw Refuse("lost", string.Empty, $"at most {PieceReport.LostCountMax} sources are named");
        }
    }

    private static RefusedException Refuse(string field, string value, string rule) =>
        new(new Refusal(RefusalCode.InvalidValue, field, value, rule, "See docs/protocol/api.md"));
}
