using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor.Api;

/// <summary>Blobs: is it there, store it, fetch it.</summary>
internal sealed class BlobsApi(BlobStore blobs, long blobBytesMax)
{
    private const string Bytes = "application/octet-stream";
    private const int CopyBytes = 128 * 1024;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods(ApiPaths.Blob, [HttpMethods.Head], HeadAsync);
        routes.MapPut(ApiPaths.Blob, PutAsync);
        routes.MapGet(ApiPaths.Blob, GetAsync);
    }

    private Task HeadAsync(HttpContext context)
    {
        if (Digest.TryParse(context.Request.RouteValues["digest"] as string, out Digest digest)
            && blobs.SizeOf(digest) is { } sizeBytes)
        {
            context.Response.ContentType = Bytes;
            context.Response.ContentLength = sizeBytes;
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }

        return Task.CompletedTask;
    }

    private async Task PutAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = blobBytesMax;
        }

        bool isNew = await blobs.PutAsync(
            DigestOf(context), context.Request.Body, context.Request.ContentLength, context.RequestAborted);
        context.Response.StatusCode = isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        context.Response.ContentLength = 0;
    }

    private async Task GetAsync(HttpContext context)
    {
        Digest digest = DigestOf(context);
        if (context.Request.Headers.Range.Count > 0)
        {
            FileStream file = blobs.TryOpen(digest) ?? throw NotFound(digest.ToString());
            await TypedResults.Stream(file, Bytes, enableRangeProcessing: true).ExecuteAsync(context);
            return;
        }

        await using VerifyingStream content = blobs.OpenRead(digest) ?? throw NotFound(digest.ToString());
        context.Response.ContentType = Bytes;
        context.Response.ContentLength = content.Length;
        context.Response.Headers[HeaderNames.AcceptRanges] = "bytes";
        await content.CopyToAsync(context.Response.Body, CopyBytes, context.RequestAborted);
    }

    private static Digest DigestOf(HttpContext context)
    {
        string text = context.Request.RouteValues["digest"] as string ?? string.Empty;
        return Digest.TryParse(text, out Digest digest) ? digest : throw NotFound(text);
    }

    private static RefusedException NotFound(string digest) => new(new Refusal(
        RefusalCode.NotFound, "digest", digest, "there is no such blob", "Upload it with PUT"));
}
