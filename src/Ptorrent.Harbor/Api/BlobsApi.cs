using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Harbor.Api;

/// <summary>Blobs: are they there, store one, fetch one or a part of it, fetch the hashes of its pieces.</summary>
internal sealed class BlobsApi(BlobStore blobs, long blobBytesMax)
{
    private const string Bytes = "application/octet-stream";
    private const int CopyBytes = 256 * 1024;
    private const int MissingCountMax = 1000;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods(ApiPaths.Blob, [HttpMethods.Head], HeadAsync);
        routes.MapPut(ApiPaths.Blob, PutAsync);
        routes.MapGet(ApiPaths.Blob, GetAsync);
        routes.MapGet(ApiPaths.Pieces, GetPiecesAsync);
        routes.MapPost(ApiPaths.MissingBlobs, FindMissingAsync);
    }

    /// <summary>The digest in a request's path.</summary>
    /// <exception cref="RefusedException">NotFound: it is none.</exception>
    public static Digest DigestOf(HttpContext context)
    {
        string text = context.Request.RouteValues["digest"] as string ?? string.Empty;
        return Digest.TryParse(text, out Digest digest) ? digest : throw NotFound(text);
    }

    public static RefusedException NotFound(string digest) => new(new Refusal(
        RefusalCode.NotFound, "digest", digest, "there is no such blob", "Upload it with PUT"));

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
        // Whoever got other bytes than the digest says asks with "no-cache": the file itself is in doubt then.
        Digest digest = DigestOf(context);
        bool isDoubted = context.Request.GetTypedHeaders().CacheControl is { NoCache: true };
        PieceLayer layer = await blobs.VerifyAsync(digest, isDoubted, context.RequestAborted)
            ?? throw NotFound(digest.ToString());
        using SafeFileHandle file = blobs.TryOpenHandle(digest) ?? throw NotFound(digest.ToString());
        HttpResponse response = context.Response;
        response.ContentType = Bytes;
        response.Headers[HeaderNames.AcceptRanges] = "bytes";
        (long begin, long end) = (0, layer.SizeBytes);
        if (context.Request.GetTypedHeaders().Range is { Unit.Value: "bytes", Ranges.Count: 1 } asked)
        {
            if (RangeOf(asked.Ranges.Single(), layer.SizeBytes) is not { } range)
            {
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(layer.SizeBytes);
                return;
            }

            (begin, end) = range;
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(begin, end - 1, layer.SizeBytes);
        }

        response.ContentLength = end - begin;
        await CopyAsync(file, begin, end, response.BodyWriter, context.RequestAborted);
    }

    private async Task GetPiecesAsync(HttpContext context)
    {
        Digest digest = DigestOf(context);
        PieceLayer layer = await blobs.VerifyAsync(digest, isDoubted: false, context.RequestAborted)
            ?? throw NotFound(digest.ToString());
        byte[] hashes = layer.ToByteArray();
        context.Response.ContentType = Bytes;
        context.Response.ContentLength = hashes.Length;
        await context.Response.Body.WriteAsync(hashes, context.RequestAborted);
    }

    private async Task FindMissingAsync(HttpContext context)
    {
        ImmutableArray<Digest> asked = await ReadDigestsAsync(context);
        if (asked.Length > MissingCountMax)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.TooLarge, "digests", $"{asked.Length}", $"at most {MissingCountMax} are asked for at once",
                "Ask several times"));
        }

        ImmutableArray<Digest> missing = [.. asked.Where(d => blobs.SizeOf(d) is null)];
        await JsonAnswers.WriteAsync(
            context, StatusCodes.Status200OK, missing, ModelJson.Default.ImmutableArrayDigest);
    }

    private static async Task<ImmutableArray<Digest>> ReadDigestsAsync(HttpContext context)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(
                context.Request.Body, ModelJson.Default.ImmutableArrayDigest, context.RequestAborted);
        }
        catch (JsonException exception)
        {
            throw new RefusedException(
                new Refusal(
                    RefusalCode.InvalidValue, "digests", string.Empty, "the body is a JSON array of digests",
                    "See docs/protocol/api.md"),
                exception);
        }
    }

    /// <summary>The part of a blob that a range means; null where it has none of it.</summary>
    private static (long Begin, long End)? RangeOf(RangeItemHeaderValue range, long sizeBytes)
    {
        (long begin, long end) = range switch
        {
            { From: { } from } => (from, Math.Min(range.To ?? long.MaxValue - 1, sizeBytes - 1) + 1),
            _ => (Math.Max(0, sizeBytes - range.To!.Value), sizeBytes), // It has at least one of the two.
        };
        return begin < end ? (begin, end) : null;
    }

    private static async Task CopyAsync(
        SafeFileHandle file, long begin, long end, PipeWriter destination, CancellationToken stop)
    {
        for (long position = begin; position < end;)
        {
            int wanted = (int)Math.Min(CopyBytes, end - position);
            int got = RandomAccess.Read(file, destination.GetSpan(wanted)[..wanted], position);
            if (got == 0)
            {
                throw new StorageException("A blob is shorter than it was.", isTransient: false);
            }

            destination.Advance(got);
            position += got;
            if ((await destination.FlushAsync(stop)).IsCompleted)
            {
                return;
            }
        }
    }
}
