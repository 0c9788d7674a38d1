using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Network;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Sdk;

/// <summary>
/// A harbor, as a program uses it: uploads programs and files, submits jobs, follows them, fetches their products.
/// For any number of threads at once. Every method may also throw <see cref="HarborUnreachableException"/> (no answer),
/// <see cref="HarborFaultException"/> (no proper answer) and <see cref="RefusedException"/> with
/// <see cref="RefusalCode.Unauthorized"/> (the access key is not the harbor's).
/// </summary>
public sealed class PtorrentClient : IDisposable
{
    private readonly HarborConnection _connection;

    /// <summary>Prepares a client; nothing is sent yet.</summary>
    /// <param name="address">Where the harbor listens, such as <c>http://127.0.0.1:7070/</c>.</param>
    /// <param name="accessKey">The harbor's access key, as its key file holds it.</param>
    /// <param name="options">How patient to be; the defaults where null.</param>
    /// <param name="handler">What carries requests; the client's from now on. The ordinary one where null.</param>
    /// <exception cref="ArgumentException">The address is not an absolute http or https address, or the key cannot
    /// stand in a header.</exception>
    public PtorrentClient(
        Uri address,
        string accessKey,
        PtorrentClientOptions? options = null,
        HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"'{address}' is not an absolute http or https address.", nameof(address));
        }

        if (string.IsNullOrWhiteSpace(accessKey) || accessKey.Any(c => c is <= ' ' or > '~'))
        {
            throw new ArgumentException("An access key is visible ASCII characters.", nameof(accessKey));
        }

        Uri root = new(address.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");
        _connection = new HarborConnection(root, accessKey, options ?? new PtorrentClientOptions(), handler);
    }

    /// <summary>Where the harbor is sought; ends with a slash.</summary>
    public Uri Address => _connection.Address;

    /// <summary>Makes an id for a new job from the operating system's random numbers; never zero.</summary>
    public static JobId NewJobId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ulong value;
        do
        {
            System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
            value = BitConverter.ToUInt64(bytes);
        }
        while (value == 0);

        return new JobId(value);
    }

    /// <summary>Asks whether a harbor lives at the address. Needs no valid access key.</summary>
    /// <returns>True where the answer is a harbor's; false where something else answered.</returns>
    public async Task<bool> IsHealthyAsync(CancellationToken cancellationToken = default)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "health");
        using HttpResponseMessage answer = await _connection.AskAsync(request, cancellationToken);
        string body = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.StatusCode == HttpStatusCode.OK && string.Equals(body.Trim(), "ok", StringComparison.Ordinal);
    }

    /// <summary>Looks a blob up.</summary>
    /// <returns>Its length in bytes, or null where the harbor does not have it.</returns>
    public async Task<long?> FindBlobAsync(Digest digest, CancellationToken cancellationToken = default)
    {
        using HttpRequestMessage request = new(HttpMethod.Head, BlobPath(digest));
        using HttpResponseMessage answer = await _connection.AskAsync(request, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await _connection.ThrowUnlessGoodAsync(answer, cancellationToken);
        return answer.Content.Headers.ContentLength
            ?? throw new HarborFaultException(answer.StatusCode, "a blob's length is missing");
    }

    /// <summary>Asks which of many blobs the harbor does not have.</summary>
    /// <param name="digests">At most 1,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Those that are missing, in their order.</returns>
    /// <exception cref="RefusedException">TooLarge: there are more.</exception>
    public async Task<ImmutableArray<Digest>> FindMissingBlobsAsync(
        ImmutableArray<Digest> digests,
        CancellationToken cancellationToken = default)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(digests, ModelJson.Default.ImmutableArrayDigest);
        HttpRequestMessage request =
            new(HttpMethod.Post, "api/blobs/missing") { Content = new ByteArrayContent(body) };
        return await _connection.AskJsonAsync(request, ModelJson.Default.ImmutableArrayDigest, cancellationToken);
    }

    /// <summary>Stores a blob that is in memory.</summary>
    /// <inheritdoc cref="PutBlobAsync(Digest, Stream, long, CancellationToken)"/>
    public Task<bool> PutBlobAsync(
        Digest digest,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken = default) =>
        PutBlobAsync(digest, new ReadOnlyMemoryContent(content), cancellationToken);

    /// <summary>Stores a blob.</summary>
    /// <param name="digest">The Merkle root of the content.</param>
    /// <param name="content">The bytes; exactly <paramref name="sizeBytes"/> are read. Stays the caller's.</param>
    /// <param name="sizeBytes">The content's length.</param>
    /// <param name="cancellationToken">Gives up; the harbor then keeps nothing.</param>
    /// <returns>True where it was stored now, false where the harbor had it already.</returns>
    /// <exception cref="RefusedException">DigestMismatch: the bytes have another digest. TooLarge. NoSpace.</exception>
    /// <exception cref="EndOfStreamException">The content ended early.</exception>
    public async Task<bool> PutBlobAsync(
        Digest digest,
        Stream content,
        long sizeBytes,
        CancellationToken cancellationToken = default)
    {
        using ExactContent body = new(content, sizeBytes);
        return await PutBlobAsync(digest, body, cancellationToken);
    }

    /// <summary>Uploads a file unless the harbor has its content already; streams it from disk.</summary>
    /// <param name="path">The file. Read twice: once for its digest, once to be sent.</param>
    /// <param name="cancellationToken">Gives up; the harbor then keeps nothing.</param>
    /// <returns>The file as a job names it: its name without folders, its digest, its length.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="FileChangedException">Somebody changed it meanwhile.</exception>
    /// <exception cref="RefusedException">TooLarge. NoSpace.</exception>
    public Task<InputFile> UploadFileAsync(string path, CancellationToken cancellationToken = default) =>
        FileUpload.RunAsync(this, path, cancellationToken);

    /// <summary>Uploads files as <see cref="UploadFileAsync"/> does, several side by side, and small ones with few
    /// requests. Takes up to 128 MiB of memory.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="cancellationToken">Gives up; the harbor keeps those that were uploaded.</param>
    /// <returns>The files as a job names them, in their order.</returns>
    /// <inheritdoc cref="UploadFileAsync"/>
    public Task<ImmutableArray<InputFile>> UploadFilesAsync(
        ImmutableArray<string> paths,
        CancellationToken cancellationToken = default) =>
        new FileUploads(this, paths).RunAsync(cancellationToken);

    /// <summary>Fetches a blob, or the part of it from <paramref name="offset"/> on.</summary>
    /// <returns>Its bytes as they arrive; the caller disposes of the stream. They are not verified here.</returns>
    /// <exception cref="RefusedException">NotFound.</exception>
    public async Task<Stream> OpenBlobAsync(
        Digest digest,
        long offset = 0,
        CancellationToken cancellationToken = default)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, BlobPath(digest));
        if (offset > 0)
        {
            request.Headers.Range = new RangeHeaderValue(offset, null);
        }

        return await OpenBodyAsync(request, cancellationToken);
    }

    /// <summary>Submits a job. Its program and files were uploaded before. Once this returns the harbor has stored it;
    /// cancelling the call later has no effect on the job.</summary>
    /// <returns>A handle on it. Submitting the same request again gives the same job.</returns>
    /// <exception cref="RefusedException">A rule of <see cref="JobRequestValidator"/> is broken, a blob is missing, the
    /// program cannot run in the sandbox, or another job has the id.</exception>
    public async Task<JobHandle> SubmitAsync(JobRequest request, CancellationToken cancellationToken = default)
    {
        JobStatus status = await _connection.AskJsonAsync(
            SubmissionOf(request, "api/jobs"), ModelJson.Default.JobStatus, cancellationToken);
        return Job(status.Id);
    }

    /// <summary>Submits a job and reads its product, with one request. Once this returns the harbor has stored the job,
    /// as after <see cref="SubmitAsync"/>.</summary>
    /// <returns>A handle on the job, and its product as <see cref="JobHandle.OpenResultsAsync"/> gives it.</returns>
    /// <exception cref="RefusedException">As for <see cref="SubmitAsync"/>.</exception>
    /// <exception cref="JobEndedException">The same job was submitted before, and has failed or was
    /// cancelled.</exception>
    public async Task<(JobHandle Job, Stream Results)> SubmitAndReadAsync(
        JobRequest request,
        CancellationToken cancellationToken = default)
    {
        JobHandle job = Job(request.Id);
        using HttpRequestMessage message = SubmissionOf(request, "api/jobs?follow=product");
        Stream product = await job.OpenProductAsync(message, cancellationToken);
        return (job, new ResultStream(job, _connection, product));
    }

    /// <summary>A handle on a job, whether it exists or not. Nothing is sent.</summary>
    public JobHandle Job(JobId id) => new(this, _connection, id);

    /// <summary>All jobs of the harbor, newest first.</summary>
    public async Task<ImmutableArray<JobStatus>> ListJobsAsync(CancellationToken cancellationToken = default) =>
        await _connection.AskJsonAsync(
            new HttpRequestMessage(HttpMethod.Get, "api/jobs"),
            ModelJson.Default.ImmutableArrayJobStatus,
            cancellationToken);

    /// <summary>A job now.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<JobStatus> GetJobAsync(JobId id, CancellationToken cancellationToken = default) =>
        _connection.AskJsonAsync(
            new HttpRequestMessage(HttpMethod.Get, JobPath(id)),
            ModelJson.Default.JobStatus,
            cancellationToken);

    /// <summary>Cancels a job.</summary>
    /// <returns>The job, cancelled.</returns>
    /// <exception cref="RefusedException">NotFound. WrongState: it had ended before.</exception>
    public Task<JobStatus> CancelAsync(JobId id, CancellationToken cancellationToken = default) =>
        _connection.AskJsonAsync(
            new HttpRequestMessage(HttpMethod.Delete, JobPath(id)),
            ModelJson.Default.JobStatus,
            cancellationToken);

    /// <summary>What the harbor has at hand now.</summary>
    public Task<NetworkStatus> GetNetworkAsync(CancellationToken cancellationToken = default) =>
        _connection.AskJsonAsync(
            new HttpRequestMessage(HttpMethod.Get, "api/network"),
            ModelJson.Default.NetworkStatus,
            cancellationToken);

    /// <summary>Closes all connections; streams that are open break.</summary>
    public void Dispose() => _connection.Dispose();

    internal static string JobPath(JobId id) => string.Create(CultureInfo.InvariantCulture, $"api/jobs/{id}");

    internal async Task<Stream> OpenBodyAsync(HttpRequestMessage request, CancellationToken stop)
    {
        HttpResponseMessage answer = await _connection.OpenAsync(request, stop);
        try
        {
            await _connection.ThrowUnlessGoodAsync(answer, stop);
            return new AnswerBody(answer, await answer.Content.ReadAsStreamAsync(stop));
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private static HttpRequestMessage SubmissionOf(JobRequest request, string path)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request, ModelJson.Default.JobRequest);
        HttpRequestMessage message = new(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        return message;
    }

    private async Task<bool> PutBlobAsync(Digest digest, HttpContent content, CancellationToken stop)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, BlobPath(digest)) { Content = content };
        using HttpResponseMessage answer = await _connection.OpenAsync(request, stop);
        await _connection.ThrowUnlessGoodAsync(answer, stop);
        return answer.StatusCode == HttpStatusCode.Created;
    }

    private static string BlobPath(Digest digest) => $"api/blobs/{digest}";
}
