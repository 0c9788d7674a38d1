using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Ptorrent.Harbor.Products;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Work.Combining;

namespace Ptorrent.Harbor.Api;

/// <summary>Products, as they grow.</summary>
internal sealed partial class ResultsApi(
    HarborLoop loop,
    HarborReader reader,
    ProductReader products,
    ILogger<ResultsApi> logger,
    CancellationToken stop)
{
    private readonly ILogger<ResultsApi> _logger = logger;

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet(ApiPaths.Results, GetAsync);

    private async Task GetAsync(HttpContext context)
    {
        JobId id = JobsApi.IdOf(context);
        JobFeed? feed = loop.FeedOf(id);
        JobRequest job = reader.FindJob(id) ?? throw new RefusedException(HarborRefusals.NoSuchJob(id));
        if (feed is null ? HasNoProduct(id) : feed.View.Product == ProductState.Broken)
        {
            throw new RefusedException(HarborRefusals.HasNoProduct(id));
        }

        // A reader may pause as long as it likes; it holds nothing of the harbor's but its connection.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        using CancellationTokenSource gone =
            CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stop);
        context.Response.ContentType = SegmentCombiner.IsFolded(job.Combine) || job.Combine == CombineKind.Lines
            ? "text/plain; charset=utf-8"
            : "application/octet-stream";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.StartAsync(gone.Token);
        try
        {
            await products.WriteAsync(job, feed, context.Response.Body, gone.Token);
        }
        catch (Exception exception) when (exception
            is ProductBrokenException or StorageException or OperationCanceledException)
        {
            // A part must never look like the whole.
            LogBrokenOff(id, exception.Message);
            context.Abort();
        }
    }

    private bool HasNoProduct(JobId id) =>
        reader.FindEnded(id) is null or { State: JobState.Failed or JobState.Cancelled };

    [LoggerMessage(521, LogLevel.Information, "{Job}: a reader of its results was broken off: {Reason}")]
    private partial void LogBrokenOff(JobId job, string reason);
}
