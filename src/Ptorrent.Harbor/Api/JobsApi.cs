using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Ptorrent.Harbor.Admission;
using Ptorrent.Harbor.State;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Harbor.Api;

/// <summary>Jobs: submitting, looking at, cancelling.</summary>
internal sealed class JobsApi(
    HarborLoop loop,
    JobAdmission admission,
    JobLookup jobs,
    ProductAnswers products,
    int requestBytesMax)
{
    private const string Follow = "follow";
    private const string FollowProduct = "product";

    // By reflection: generated readers set what is absent to null or zero, where a request written by hand means the
    // default.
    private static readonly JsonSerializerOptions Reading = new(ModelJson.Default.Options)
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Converters = { new JsonStringEnumConverter() },
    };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(ApiPaths.Jobs, SubmitAsync);
        routes.MapGet(ApiPaths.Jobs, ListAsync);
        routes.MapGet(ApiPaths.Job, GetAsync);
        routes.MapDelete(ApiPaths.Job, CancelAsync);
    }

    /// <summary>The id in a request's path.</summary>
    /// <exception cref="RefusedException">It is none, so there is no such job.</exception>
    public static JobId IdOf(HttpContext context)
    {
        string text = context.Request.RouteValues["id"] as string ?? string.Empty;
        return PrefixedId.TryParse(text, out JobId id)
            ? id
            : throw new RefusedException(new Refusal(
                RefusalCode.NotFound,
                "id",
                text,
                "this is no job's id",
                "An id begins with job_ and has thirteen characters more"));
    }

    private async Task SubmitAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = requestBytesMax;
        }

        bool follows = FollowsProduct(context.Request);
        JobRequest request = await ReadAsync(context);
        (AdmittedJob job, bool isStored) = await admission.AdmitAsync(request, context.RequestAborted);
        SubmitAnswer answer = isStored ? default : await loop.SubmitAsync(job, context.RequestAborted);
        if (answer.Refusal is { } refusal)
        {
            throw new RefusedException(refusal);
        }

        int statusCode = answer.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        await (follows
            ? products.WriteAsync(context, statusCode, request, loop.FeedOf(request.Id))
            : WriteStatusAsync(context, request.Id, statusCode));
    }

    /// <summary>Whether the answer is to be the product instead of the status.</summary>
    private static bool FollowsProduct(HttpRequest request)
    {
        string? follow = request.Query[Follow];
        return follow switch
        {
            null => false,
            FollowProduct => true,
            _ => throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue,
                Follow,
                follow,
                $"what can be followed is the {FollowProduct}",
                $"Ask with ?{Follow}={FollowProduct}, or without")),
        };
    }

    private async Task ListAsync(HttpContext context)
    {
        ImmutableArray<JobStatus> all = await jobs.ListAsync(context.RequestAborted);
        await JsonAnswers.WriteAsync(context, StatusCodes.Status200OK, all, ModelJson.Default.ImmutableArrayJobStatus);
    }

    private Task GetAsync(HttpContext context) => WriteStatusAsync(context, IdOf(context), StatusCodes.Status200OK);

    private async Task CancelAsync(HttpContext context)
    {
        JobId id = IdOf(context);
        SubmitAnswer answer = await loop.CancelAsync(id, context.RequestAborted);
        if (answer.Refusal is { } refusal)
        {
            // The state forgets ended jobs; the database knows whether there was one.
            bool hasEnded = refusal.Code == RefusalCode.NotFound
                && await jobs.FindAsync(id, context.RequestAborted) is not null;
            throw new RefusedException(hasEnded ? HarborRefusals.HasEnded(id) : refusal);
        }

        await WriteStatusAsync(context, id, StatusCodes.Status200OK);
    }

    private async Task WriteStatusAsync(HttpContext context, JobId id, int statusCode)
    {
        JobStatus status = await jobs.FindAsync(id, context.RequestAborted)
            ?? throw new RefusedException(HarborRefusals.NoSuchJob(id));
        await JsonAnswers.WriteAsync(context, statusCode, status, ModelJson.Default.JobStatus);
    }

    private static async Task<JobRequest> ReadAsync(HttpContext context)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<JobRequest>(
                    context.Request.Body, Reading, context.RequestAborted)
                ?? throw Malformed("null is no job", string.Empty);
        }
        catch (JsonException exception)
        {
            throw Malformed(exception.Message.TrimEnd('.'), exception.Path ?? string.Empty, exception);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // A range that ends before it begins.
            throw Malformed("a range A..B has 0 ≤ A ≤ B", "over", exception);
        }
    }

    private static RefusedException Malformed(string rule, string field, Exception? inner = null) => new(
        new Refusal(
            RefusalCode.InvalidValue, field, string.Empty, rule, "See docs/protocol/api.md for a job's description"),
        inner);
}
