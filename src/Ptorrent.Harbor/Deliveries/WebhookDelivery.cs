using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Ptorrent.Harbor.Products;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Harbor.Deliveries;

/// <summary>
/// Posts a product to an address. Redirects are not followed: the operator allowed this host and no other. An answer
/// of 2xx takes it; any other answer, or none, is tried again.
/// </summary>
internal sealed partial class WebhookDelivery : IDisposable
{
    /// <summary>Attempts; the waits between them double and make about a minute together.</summary>
    public const int AttemptCountMax = 5;

    /// <summary>The wait after the first attempt.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromSeconds(10);

    // For one attempt: a product may be large and the line slow.
    private static readonly TimeSpan AttemptTimeMax = TimeSpan.FromMinutes(30);

    private readonly ProductReader _products;
    private readonly TimeProvider _time;
    private readonly ILogger<WebhookDelivery> _logger;
    private readonly HttpClient _client;

    public WebhookDelivery(ProductReader products, TimeProvider time, ILogger<WebhookDelivery> logger)
    {
        _products = products;
        _time = time;
        _logger = logger;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            ConnectTimeout = ConnectTimeMax,
            UseCookies = false,
            UseProxy = false,
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Tries until it is taken.</summary>
    /// <returns>Null where it was, otherwise why the last attempt failed.</returns>
    public async Task<string?> DeliverAsync(JobRequest job, Uri address, CancellationToken stop)
    {
        TimeSpan wait = FirstWait;
        for (int attempt = 1; ; attempt++)
        {
            string? failure = await TryAsync(job, address, stop);
            if (failure is null || attempt == AttemptCountMax)
            {
                return failure is null ? null : $"{failure}, after {AttemptCountMax} attempts";
            }

            LogAttemptFailed(job.Id, address.Host, attempt, failure);
            await Task.Delay(wait, _time, stop);
            wait *= 2;
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<string?> TryAsync(JobRequest job, Uri address, CancellationToken stop)
    {
        using CancellationTokenSource patience = new(AttemptTimeMax, _time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        using HttpRequestMessage request = new(HttpMethod.Post, address)
        {
            Content = new ProductContent(_products, job),
        };
        request.Headers.Add("X-Ptorrent-Job", job.Id.ToString());
        request.Headers.Add("X-Ptorrent-State", nameof(JobState.Assembled));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("ptorrent", null));
        try
        {
            using HttpResponseMessage answer =
                await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            return answer.IsSuccessStatusCode ? null : $"it answered {(int)answer.StatusCode}";
        }
        catch (HttpRequestException exception)
        {
            return exception.Message;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return "it took too long";
        }
    }

    [LoggerMessage(411, LogLevel.Warning, "{Job}: attempt {Attempt} to deliver to {Host} failed: {Reason}")]
    private partial void LogAttemptFailed(JobId job, string host, int attempt, string reason);

    /// <summary>Streams the product; its length is not known before.</summary>
    private sealed class ProductContent : HttpContent
    {
        private readonly ProductReader _products;
        private readonly JobRequest _job;

        public ProductContent(ProductReader products, JobRequest job)
        {
            _products = products;
            _job = job;
            Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(
            Stream stream,
            TransportContext? context,
            CancellationToken cancellationToken) =>
            _products.WriteAsync(_job, stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
