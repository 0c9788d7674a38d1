using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
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

/// <summary>Answers with a job's product as it grows.</summary>
internal sealed partial class ProductAnswers(
    HarborReader reader,
    ProductReader products,
    ILogger<ProductAnswers> logger,
    CancellationToken stop)
{
    private readonly ILogger<ProductAnswers> _logger = logger;

    /// <summary>Answers with a product.</summary>
    /// <param name="context">Where.</param>
    /// <param name="statusCode">What the answer begins with.</param>
    /// <param name="job">The job, which is durable.</param>
    /// <param name="feed">Tells how far it is; null where the database tells of it.</param>
    /// <exception cref="RefusedException">The job has no product and never will have one.</exception>
    public async Task WriteAsync(HttpContext context, int statusCode, JobRequest job, JobFeed? feed)
    {
        if (feed is null ? HasNoProduct(job.Id) : feed.View.Product == ProductState.Broken)
        {
            throw new RefusedException(HarborRefusals.HasNoProduct(job.Id));
        }

        // A reader may pause as long as it likes; it holds nothing of the harbor's but its connection.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        using CancellationTokenSource gone =
            CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stop);
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = SegmentCombiner.IsFolded(job.Combine) || job.Combine == CombineKind.Lines
            ? "text/plain; charset=utf-8"
            : "application/octet-stream";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            // The head says that the job is stored, however long its product takes.
            await context.Response.Body.FlushAsync(gone.Token);
            await products.WriteAsync(job, feed, context.Response.Body, gone.Token);
        }
        catch (Exception exception) when (exception
            is ProductBrokenException or StorageException or OperationCanceledException)
        {
            // A part must never look like the whole.
            LogBrokenOff(job.Id, exception.Message);
            context.Abort();
        }
    }

    private bool HasNoProduct(JobId id) =>
        reader.FindEnded(id) is null or { State: JobState.Failed or JobState.Cancelled };

    [LoggerMessage(521, LogLevel.Information, "{Job}: a reader of its results was broken off: {Reason}")]
    private partial void LogBrokenOff(JobId job, string reason);
}
