using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Harbor.Deliveries;

/// <summary>Gives products to acceptors, a few at a time. What was not done when the harbor stopped is begun anew
/// when it starts.</summary>
internal sealed partial class DeliveryRunner(
    HarborLoop loop,
    HarborReader reader,
    FolderDelivery folders,
    WebhookDelivery webhooks,
    ILogger<DeliveryRunner> logger) : IAsyncDisposable
{
    private const int AtOnceMax = 8;

    private readonly ILogger<DeliveryRunner> _logger = logger;
    private readonly SemaphoreSlim _turns = new(AtOnceMax);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>Begins a delivery; its end is posted to the loop.</summary>
    public void Start(HarborEffect.Deliver deliver)
    {
        lock (_lock)
        {
            _running.RemoveWhere(t => t.IsCompleted);
            _running.Add(RunAsync(deliver));
        }
    }

    /// <summary>Breaks off what is being delivered.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] running;
        lock (_lock)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running);
        _turns.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(HarborEffect.Deliver deliver)
    {
        try
        {
            await Task.Yield();
            await _turns.WaitAsync(_stop.Token);
            string? refusal;
            try
            {
                refusal = await DeliverAsync(deliver, _stop.Token);
            }
            finally
            {
                _turns.Release();
            }

            LogEnded(deliver.Job, deliver.Number, refusal ?? "accepted");
            await loop.PostAsync(
                new HarborEvent.Delivered(
                    deliver.Job,
                    deliver.Number,
                    refusal is null ? DeliveryState.Accepted : DeliveryState.Refused,
                    refusal ?? string.Empty),
                _stop.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            // The harbor stops; the delivery is still pending and begins anew at the next start.
            LogBrokenOff(deliver.Job, deliver.Number);
        }
    }

    /// <returns>Null where the acceptor took it, otherwise why not.</returns>
    private async Task<string?> DeliverAsync(HarborEffect.Deliver deliver, CancellationToken stop)
    {
        JobRequest job = reader.FindJob(deliver.Job) ?? throw new UnreachableException();
        try
        {
            return deliver.Acceptor switch
            {
                { Folder: { } folder } => await folders.DeliverAsync(job, folder, stop),
                { Webhook: { } webhook } => await webhooks.DeliverAsync(job, webhook, stop),
                _ => throw new UnreachableException(),
            };
        }
        catch (Exception exception) when (exception is StorageException or IOException or UnauthorizedAccessException)
        {
            LogFailed(exception, deliver.Job, deliver.Number);
            return exception.Message;
        }
    }

    [LoggerMessage(401, LogLevel.Information, "{Job}: delivery {Number}: {Outcome}")]
    private partial void LogEnded(JobId job, int number, string outcome);

    [LoggerMessage(402, LogLevel.Information, "{Job}: delivery {Number} was broken off; it begins anew")]
    private partial void LogBrokenOff(JobId job, int number);

    [LoggerMessage(403, LogLevel.Error, "{Job}: delivery {Number} failed")]
    private partial void LogFailed(Exception exception, JobId job, int number);
}
