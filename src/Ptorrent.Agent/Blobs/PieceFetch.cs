using System.Buffers;
using Microsoft.Extensions.Logging;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>Fetches the pieces of one blob that are not here yet, several side by side, from the harbor and from other
/// agents; tells the harbor meanwhile what is here.</summary>
internal sealed partial class PieceFetch
{
    private const int TransferCount = 6;

    // News of several pieces travel together.
    private static readonly TimeSpan ReportPause = TimeSpan.FromMilliseconds(20);

    private readonly PartFile _part;
    private readonly HarborBlobs _harbor;
    private readonly BlobSharing? _sharing;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly PiecePlan _plan;

    // For those who transfer, and for the one who reports.
    private readonly Pulse _work = new();
    private readonly Pulse _news = new();
    private (int HeldCount, int LostCount) _told = (-1, 0);
    private int _askingCount;

    /// <param name="part">Where the pieces go.</param>
    /// <param name="harbor">The harbor.</param>
    /// <param name="sharing">How to reach other agents; null where all comes from the harbor.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of sources that do not deliver.</param>
    public PieceFetch(PartFile part, HarborBlobs harbor, BlobSharing? sharing, TimeProvider time, ILogger logger)
    {
        _part = part;
        _harbor = harbor;
        _sharing = sharing;
        _time = time;
        _logger = logger;
        PieceMap map = PieceMap.TryRead(part.ToMapBytes(), part.Layer.Count)!; // It was written for this count.
        _plan = new PiecePlan(map, sharing?.Rotation ?? 0) { IsAlone = sharing is null };
    }

    private PieceLayer Layer => _part.Layer;

    /// <summary>Runs until all pieces are in the file.</summary>
    /// <exception cref="BlobUnavailableException">The harbor does not have it, or does not answer.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the pieces that are there stay.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task reporting = _sharing is null ? Task.CompletedTask : ReportAllAsync(_sharing, end.Token);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, TransferCount).Select(_ => TransferAllAsync(end)));
        }
        finally
        {
            end.Cancel();
            await reporting;
        }

        stop.ThrowIfCancellationRequested();
    }

    /// <summary>Transfers one piece after another until all are here. The first transfer that fails ends all.</summary>
    private async Task TransferAllAsync(CancellationTokenSource end)
    {
        CancellationToken stop = end.Token;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PieceLayer.PieceBytes);
        try
        {
            while (true)
            {
                Task work = _work.Next;
                PieceOrder? order;
                lock (_lock)
                {
                    if (_plan.IsWhole)
                    {
                        return;
                    }

                    _plan.TryTake(out order);
                }

                if (order is not null)
                {
                    await TransferAsync(order, buffer, stop);
                    continue;
                }

                _news.Beat();
                await work.WaitAsync(stop);
            }
        }
        catch
        {
            end.Cancel();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task TransferAsync(PieceOrder order, byte[] buffer, CancellationToken stop)
    {
        Memory<byte> bytes = buffer.AsMemory(0, Layer.LengthOf(order.Piece));
        if (order.Source is null)
        {
            await _harbor.FetchPieceAsync(Layer, order.Piece, bytes, stop);
        }
        else if (!await TryFetchAsync(order, order.Source, bytes, stop))
        {
            lock (_lock)
            {
                _plan.Lose(order);
            }

            _work.Beat();
            _news.Beat();
            return;
        }

        await _part.WriteAsync(order.Piece, bytes, stop);
        bool isWhole;
        lock (_lock)
        {
            _plan.Land(order);
            isWhole = _plan.IsWhole;
        }

        _news.Beat();
        if (isWhole)
        {
            _work.Beat();
        }
    }

    private async Task<bool> TryFetchAsync(
        PieceOrder order, PieceSource source, Memory<byte> bytes, CancellationToken stop)
    {
        try
        {
            await _sharing!.Peers.FetchPieceAsync(source, Layer, order.Piece, bytes, stop); // Sources come by it.
            return true;
        }
        catch (Exception exception) when (exception
            is InvalidDataException or HttpRequestException or IOException or TimeoutException)
        {
            stop.ThrowIfCancellationRequested();
            LogLost(order.Piece, Layer.Root, source.Agent.ToString(), source.Address, exception.Message);
            return false;
        }
    }

    /// <summary>Tells the harbor what is here, and asks for something to do while there is nothing.</summary>
    private async Task ReportAllAsync(BlobSharing sharing, CancellationToken stop)
    {
        List<Task> held = [];
        try
        {
            if (await sharing.StartAsync(stop) is not { } address)
            {
                Advise(sharing, null);
                return;
            }

            while (true)
            {
                Task news = _news.Next;
                if (NextReport(address, sharing.Patience) is { } report)
                {
                    Task asking = AskAsync(sharing, report, stop);
                    held.RemoveAll(t => t.IsCompleted);
                    held.Add(asking);
                    if (report.PatienceMilliseconds == 0)
                    {
                        await asking;
                    }
                }
                else
                {
                    await news.WaitAsync(stop);
                }

                await Task.Delay(ReportPause, _time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The fetch has ended.
        }
        catch
        {
            // A bug, which is told at the end; whoever transfers must not wait for advice until then.
            Advise(sharing, null);
            throw;
        }
        finally
        {
            await Task.WhenAll(held).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What to tell; null where the harbor knows all and has nothing to be asked.</summary>
    private PieceReport? NextReport(string address, TimeSpan patience)
    {
        lock (_lock)
        {
            (int HeldCount, int LostCount) here = (_plan.HeldCount, _plan.Lost.Length);
            bool isAsking = _plan.IsHungry && _askingCount == 0;
            if (here == _told && !isAsking)
            {
                return null;
            }

            _told = here;
            _askingCount++;
            return new PieceReport
            {
                Address = address,
                Have = _plan.ToMapBytes(),
                Wants = _plan.Wants,
                Seen = _plan.Seen,
                PatienceMilliseconds = _plan.IsHungry ? (int)patience.TotalMilliseconds : 0,
                Lost = _plan.Lost,
            };
        }
    }

    private async Task AskAsync(BlobSharing sharing, PieceReport report, CancellationToken stop)
    {
        try
        {
            Advise(sharing, await _harbor.ReportAsync(Layer.Root, sharing.Agent, report, stop));
        }
        finally
        {
            lock (_lock)
            {
                _askingCount--;
            }

            _work.Beat();
            _news.Beat();
        }
    }

    private void Advise(BlobSharing sharing, PieceAdvice? advice)
    {
        lock (_lock)
        {
            // Without advice nobody shares the work, and it is done all the same.
            _plan.IsAlone = advice is null;
            if (advice is not null)
            {
                _plan.Advise(advice with
                {
                    Sources = [.. advice.Sources.Where(s => s is not null && sharing.IsNear(s))],
                });
            }
        }

        _work.Beat();
    }

    [LoggerMessage(EventId = 7121, Level = LogLevel.Warning,
        Message = "Piece {Piece} of blob {Digest} did not come from {Agent} at {Address}: {Reason}; "
            + "it is fetched elsewhere")]
    private partial void LogLost(int piece, Model.Identity.Digest digest, string agent, string address, string reason);
}
