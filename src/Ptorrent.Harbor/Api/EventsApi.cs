using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Ptorrent.Harbor.State;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Harbor.Api;

/// <summary>A job's progress as server-sent events.</summary>
internal sealed class EventsApi(HarborLoop loop, JobLookup jobs, TimeProvider time, CancellationToken stop)
{
    // At most ten a second.
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(100);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet(ApiPaths.Events, GetAsync);

    private async Task GetAsync(HttpContext context)
    {
        JobId id = JobsApi.IdOf(context);
        using CancellationTokenSource gone =
            CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stop);
        JobFeed? feed = loop.FeedOf(id);
        JobFeedView view = feed?.View ?? default;
        JobStatus status = await jobs.FindAsync(id, gone.Token)
            ?? throw new RefusedException(HarborRefusals.NoSuchJob(id));

        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            while (true)
            {
                long writtenAt = time.GetTimestamp();
                bool isLast = status.State is JobState.Accepted or JobState.Failed or JobState.Cancelled;
                await WriteAsync(context, new JobProgress(status, isLast), gone.Token);
                if (isLast || feed is null)
                {
                    return;
                }

                view = await feed.WaitAsync(view.Version, gone.Token);
                TimeSpan early = Spacing - time.GetElapsedTime(writtenAt);
                if (early > TimeSpan.Zero && !IsAtEnd(view))
                {
                    await DelayAsync(feed, early, gone.Token);
                    view = feed.View;
                }

                status = await jobs.FindAsync(id, gone.Token)
                    ?? throw new RefusedException(HarborRefusals.NoSuchJob(id));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The harbor stops: the stream ends without a last event, so a watcher knows to come back.
            context.Abort();
        }
    }

    private static bool IsAtEnd(JobFeedView view) => view.IsForgotten || view.Product == ProductState.Broken;

    /// <summary>Waits, but not beyond the end of the job: the last event is worth more than even spacing.</summary>
    private async Task DelayAsync(JobFeed feed, TimeSpan early, CancellationToken gone)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(gone);
        Task delay = Task.Delay(early, time, ended.Token);
        while (!delay.IsCompleted)
        {
            JobFeedView view = feed.View;
            if (IsAtEnd(view))
            {
                break;
            }

            await Task.WhenAny(delay, feed.WaitAsync(view.Version, ended.Token));
        }

        await ended.CancelAsync();
        gone.ThrowIfCancellationRequested();
    }

    private static async Task WriteAsync(HttpContext context, JobProgress progress, CancellationToken gone)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(progress, ModelJson.Default.JobProgress);
        byte[] text = [.. "data: "u8, .. json, .. "\n\n"u8];
        await context.Response.Body.WriteAsync(text, gone);
        await context.Response.Body.FlushAsync(gone);
    }
}
