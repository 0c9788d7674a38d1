using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Sdk;

/// <summary>One connection on which a job's progress comes as server-sent events.</summary>
internal sealed class ProgressEvents : IDisposable
{
    private readonly Stream _body;
    private readonly CancellationTokenSource _stop;
    private readonly IAsyncEnumerator<SseItem<JobProgress?>> _items;

    private ProgressEvents(Stream body)
    {
        _body = body;
        _stop = new CancellationTokenSource();
        _items = SseParser.Create(body, Parse).EnumerateAsync(_stop.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    public static async Task<ProgressEvents> OpenAsync(
        PtorrentClient client,
        HarborConnection connection,
        JobId id,
        CancellationToken stop)
    {
        using HttpRequestMessage request = new(
            HttpMethod.Get, new Uri(connection.Address, PtorrentClient.JobPath(id) + "/events"));
        request.Headers.Accept.ParseAdd("text/event-stream");
        return new ProgressEvents(await client.OpenBodyAsync(request, stop));
    }

    /// <summary>The next event; null where the connection ended.</summary>
    public async Task<JobProgress?> NextAsync(CancellationToken stop)
    {
        // The parser takes its token once, for good; each wait has its own, so one ends the other.
        await using CancellationTokenRegistration registration = stop.Register(_stop.Cancel);
        try
        {
            while (await _items.MoveNextAsync())
            {
                if (_items.Current.Data is { } progress)
                {
                    return progress;
                }
            }

            return null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
    }

    public void Dispose()
    {
        _body.Dispose();
        _stop.Dispose();
    }

    private static JobProgress? Parse(string eventType, ReadOnlySpan<byte> data)
    {
        try
        {
            return data.IsEmpty ? null : JsonSerializer.Deserialize(data, ModelJson.Default.JobProgress);
        }
        catch (JsonException error)
        {
            throw new HarborFaultException(HttpStatusCode.OK, "an event is not what this version reads", error);
        }
    }
}
