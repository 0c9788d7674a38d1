using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Harbor.Api;

/// <summary>Turns refusals, and what the server itself refuses, into answers.</summary>
internal sealed partial class RefusalAnswers(ILogger<RefusalAnswers> logger)
{
    private const string Json = "application/json; charset=utf-8";

    private readonly ILogger<RefusalAnswers> _logger = logger;

    /// <summary>Answers with a refusal.</summary>
    public static async Task WriteAsync(HttpContext context, Refusal refusal)
    {
        context.Response.StatusCode = StatusOf(refusal.Code);
        context.Response.ContentType = Json;
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(refusal, ModelJson.Default.Refusal);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Catches refusals of everything behind it.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (RefusedException exception) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, exception.Refusal);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            RefusalCode code = exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? RefusalCode.TooLarge
                : RefusalCode.InvalidValue;
            string rule = exception.Message.TrimEnd('.');
            await WriteAsync(context, new Refusal(code, "body", string.Empty, rule, string.Empty));
        }
        catch (Exception exception) when (!context.Response.HasStarted
            && exception is ChannelClosedException or StorageException { IsTransient: true })
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked has gone.
            context.Abort();
        }
        catch (StorageException exception)
        {
            LogStorage(exception, context.Request.Path);
            if (context.Response.HasStarted)
            {
                // What was sent must not look like the whole.
                context.Abort();
                return;
            }

            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    private static int StatusOf(RefusalCode code) => code switch
    {
        RefusalCode.NotFound => StatusCodes.Status404NotFound,
        RefusalCode.AlreadyExists or RefusalCode.WrongState => StatusCodes.Status409Conflict,
        RefusalCode.TooLarge => StatusCodes.Status413PayloadTooLarge,
        RefusalCode.Unauthorized => StatusCodes.Status401Unauthorized,
        RefusalCode.Forbidden => StatusCodes.Status403Forbidden,
        RefusalCode.NoSpace => StatusCodes.Status507InsufficientStorage,
        RefusalCode.Busy => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status422UnprocessableEntity,
    };

    [LoggerMessage(511, LogLevel.Error, "{Path}: could not be answered")]
    private partial void LogStorage(Exception exception, string path);
}
