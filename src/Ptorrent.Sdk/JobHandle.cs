using System.Runtime.CompilerServices;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Sdk;

/// <summary>
/// One job at a harbor. For any number of threads at once; lives as long as its <see cref="PtorrentClient"/>, whose
/// errors every method may throw as well.
/// </summary>
public sealed class JobHandle
{
    private readonly PtorrentClient _client;
    private readonly HarborConnection _connection;

    internal JobHandle(PtorrentClient client, HarborConnection connection, JobId id)
    {
        _client = client;
        _connection = connection;
        Id = id;
    }

    /// <summary>Which job.</summary>
    public JobId Id { get; }

    /// <summary>The job now.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<JobStatus> GetStatusAsync(CancellationToken cancellationToken = default) =>
        _client.GetJobAsync(Id, cancellationToken);

    /// <summary>Cancels the job.</summary>
    /// <returns>The job, cancelled.</returns>
    /// <exception cref="RefusedException">NotFound. WrongState: it had ended before.</exception>
    public Task<JobStatus> CancelAsync(CancellationToken cancellationToken = default) =>
        _client.CancelAsync(Id, cancellationToken);

    /// <summary>
    /// The job's progress: its status at once, then on every change, at most ten a second, until the one that is
    /// <see cref="JobProgress.Last"/>. Where the line breaks it is made again; a status is then given anew.
    /// </summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    /// <exception cref="HarborUnreachableException">The harbor was gone for longer than
    /// <see cref="PtorrentClientOptions.ReconnectTimeMax"/>.</exception>
    public async IAsyncEnumerable<JobProgress> WatchAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Reconnection reconnection = new(_connection.Options);
        while (true)
        {
            ProgressEvents? events = null;
            try
            {
                Exception? broken;
                do
                {
                    JobProgress? next = null;
                    broken = null;
                    try
                    {
                        events ??= await ProgressEvents.OpenAsync(_client, _connection, Id, cancellationToken);
                        next = await events.NextAsync(cancellationToken);
                        reconnection.Succeeded();
                    }
                    catch (Exception error) when (Reconnection.IsBreak(error))
                    {
                        broken = error;
                    }

                    if (next is not null)
                    {
                        yield return next;
                        if (next.Last)
                        {
                            yield break;
                        }
                    }
                    else
                    {
                        broken ??= new EndOfStreamException("The events ended before the job did");
                    }
                }
                while (broken is null);

                await reconnection.WaitAsync(
                    broken as HarborUnreachableException ?? _connection.Unreachable(broken), cancellationToken);
            }
            finally
            {
                events?.Dispose();
            }
        }
    }

    /// <summary>Waits for the job's end.</summary>
    /// <returns>The job at its end: Accepted, Failed or Cancelled.</returns>
    /// <exception cref="RefusedException">NotFound.</exception>
    /// <exception cref="HarborUnreachableException">The harbor was gone for too long.</exception>
    public async Task<JobStatus> WaitAsync(CancellationToken cancellationToken = default)
    {
        await foreach (JobProgress progress in WatchAsync(cancellationToken))
        {
            if (progress.Last)
            {
                return progress.Status;
            }
        }

        throw new System.Diagnostics.UnreachableException();
    }

    /// <summary>
    /// The product as it grows, in the order of the indices; ends when it is whole. Where the line breaks it is made
    /// again and goes on at the same byte. For <see cref="CombineKind.Files"/> see <see cref="ResultFileReader"/>.
    /// </summary>
    /// <returns>A stream to be read asynchronously and disposed of by the caller. Its reads throw
    /// <see cref="JobEndedException"/> where the job fails or is cancelled meanwhile, and
    /// <see cref="HarborUnreachableException"/> where the harbor was gone for too long.</returns>
    /// <exception cref="JobEndedException">The job has failed or was cancelled before.</exception>
    /// <exception cref="RefusedException">NotFound.</exception>
    public async Task<Stream> OpenResultsAsync(CancellationToken cancellationToken = default)
    {
        return new ResultStream(this, _connection, await OpenProductAsync(cancellationToken));
    }

    internal async Task<Stream> OpenProductAsync(CancellationToken stop)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, PtorrentClient.JobPath(Id) + "/results");
        return await OpenProductAsync(request, stop);
    }

    /// <summary>Sends a request that is answered by the job's product.</summary>
    internal async Task<Stream> OpenProductAsync(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            return await _client.OpenBodyAsync(request, stop);
        }
        catch (RefusedException error) when (error.Refusal.Code == RefusalCode.WrongState)
        {
            await ThrowIfEndedBadlyAsync(stop);
            throw;
        }
    }

    internal async Task ThrowIfEndedBadlyAsync(CancellationToken stop)
    {
        JobStatus status = await GetStatusAsync(stop);
        if (status.State is JobState.Failed or JobState.Cancelled)
        {
            throw new JobEndedException(status);
        }
    }
}
