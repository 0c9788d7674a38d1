using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor.Api;

/// <summary>
/// Lets through whoever has the key. A request must also name this machine as its host: a page in somebody's browser
/// that points its own name at 127.0.0.1 does not get through.
/// </summary>
internal sealed partial class AccessGuard(
    AccessKey key,
    string listenHost,
    TimeProvider time,
    ILogger<AccessGuard> logger)
{
    private const int FailureCountMax = 20;

    private static readonly TimeSpan FailureWindow = TimeSpan.FromSeconds(10);

    private readonly ILogger<AccessGuard> _logger = logger;
    private readonly Lock _lock = new();
    private DateTimeOffset _windowBeganAt;
    private int _failureCount;

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!IsOwnHost(context.Request.Host.Host))
        {
            return RefusalAnswers.WriteAsync(context, new Refusal(
                RefusalCode.Forbidden,
                "Host",
                context.Request.Host.Host,
                "the request names a host that this harbor is not",
                "Use the address that the harbor listens on"));
        }

        if (context.Request.Path == ApiPaths.Health || key.Opens(context.Request.Headers.Authorization))
        {
            return next(context);
        }

        if (IsOneTooMany())
        {
            return RefusalAnswers.WriteAsync(context, new Refusal(
                RefusalCode.Busy, "key", string.Empty, "too many requests with a wrong access key", "Try again later"));
        }

        LogRefused(context.Request.Method, context.Request.Path);
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return RefusalAnswers.WriteAsync(context, new Refusal(
            RefusalCode.Unauthorized,
            "key",
            string.Empty,
            "the request carries no access key, or a wrong one",
            "Send Authorization: Bearer and the key from access.key in the harbor's home folder"));
    }

    private bool IsOwnHost(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || string.Equals(host.Trim('[', ']'), listenHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>Counts a failure. The right key gets through however many wrong ones come.</summary>
    private bool IsOneTooMany()
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (now - _windowBeganAt >= FailureWindow)
            {
                _windowBeganAt = now;
                _failureCount = 0;
            }

            return ++_failureCount > FailureCountMax;
        }
    }

    [LoggerMessage(501, LogLevel.Warning, "{Method} {Path}: refused, no access key or a wrong one")]
    private partial void LogRefused(string method, string path);
}
