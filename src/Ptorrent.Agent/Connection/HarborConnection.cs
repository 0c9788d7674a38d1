using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Ptorrent.Agent.Execution;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Randomness;

namespace Ptorrent.Agent.Connection;

/// <summary>Keeps a link to the harbor: connects, greets, hands what comes to the device's loop, and begins anew when
/// it is lost, for ever.</summary>
internal sealed partial class HarborConnection : IDisposable
{
    // A link that lasted this long was a good one: the next is made at once.
    private static readonly TimeSpan GoodLinkTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan CloseTimeMax = TimeSpan.FromSeconds(2);

    private readonly Uri _harbor;
    private readonly string _accessKey;
    private readonly Hello _hello;
    private readonly Func<Task<ImmutableArray<Holding>>> _holdings;
    private readonly Func<LoopInput, ValueTask> _tell;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReconnectDelay _delay;
    private readonly CancellationTokenSource _stopConnecting = new();
    private string _lastProblem = string.Empty;
    private volatile bool _isStopping;
    private volatile HarborLink? _link;

    public HarborConnection(
        Uri harbor,
        string accessKey,
        Hello hello,
        Prng prng,
        Func<Task<ImmutableArray<Holding>>> holdings,
        Func<LoopInput, ValueTask> tell,
        TimeProvider time,
        ILogger logger)
    {
        _harbor = harbor;
        _accessKey = accessKey;
        _hello = hello;
        _holdings = holdings;
        _tell = tell;
        _time = time;
        _logger = logger;
        _delay = new ReconnectDelay(prng);
    }

    /// <summary>Whether a harbor has welcomed this device and the link stands.</summary>
    public bool IsConnected => _link is not null;

    /// <summary>Ends the link after what waits to be sent, and makes no other.</summary>
    public void Stop()
    {
        _isStopping = true;
        _link?.Close("The agent stops.");
        _stopConnecting.Cancel();
    }

    /// <summary>Frees it; it has ended.</summary>
    public void Dispose() => _stopConnecting.Dispose();

    /// <summary>Runs until it is stopped.</summary>
    /// <exception cref="Ptorrent.Model.Refusals.RefusedException">The harbor does not accept the key.</exception>
    /// <exception cref="OperationCanceledException">Cancelled: the link is broken off.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using CancellationTokenSource connecting =
            CancellationTokenSource.CreateLinkedTokenSource(stop, _stopConnecting.Token);
        try
        {
            long lostAt = _time.GetTimestamp();
            while (true)
            {
                long begun = _time.GetTimestamp();
                if (await ConnectAsync(connecting.Token) is { } link)
                {
                    await UseAsync(link, stop);
                    lostAt = _time.GetTimestamp();
                    if (_time.GetElapsedTime(begun) >= GoodLinkTime)
                    {
                        _delay.Reset();
                        continue;
                    }
                }

                await Task.Delay(_delay.Next(_time.GetElapsedTime(lostAt)), _time, connecting.Token);
            }
        }
        catch (OperationCanceledException) when (_isStopping && !stop.IsCancellationRequested)
        {
            // Stopped between two links.
        }
    }

    /// <summary>Uses a link to its end.</summary>
    private async Task UseAsync(HarborLink welcomed, CancellationToken stop)
    {
        await using ILink link = welcomed.Link;
        _link = welcomed;
        if (_isStopping)
        {
            welcomed.Close("The agent stops.");
        }

        await _tell(new LoopInput.LinkUp(welcomed));
        Task sending = SendAllAsync(welcomed, stop);
        Task receiving = ReceiveAllAsync(welcomed, stop);
        try
        {
            if (await Task.WhenAny(sending, receiving) == sending)
            {
                // The end is sent; the harbor's own ends the receiving, or the line is broken off.
                await receiving
                    .WaitAsync(CloseTimeMax, _time, stop)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            _link = null;
            welcomed.Close("The line broke.");
            await link.DisposeAsync();
            await Task.WhenAll(sending, receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _tell(new LoopInput.LinkDown(welcomed));
        }

        LogLost(link.EndReason ?? "The line broke.");
        await sending;
        await receiving;
    }

    /// <summary>Connects and shakes hands; null where that fails and may be tried again.</summary>
    private async Task<HarborLink?> ConnectAsync(CancellationToken stop)
    {
        using CancellationTokenSource late = new(ConnectTimeMax, _time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        WebSocketLink? link = null;
        try
        {
            link = await WebSocketLink.ConnectAsync(_harbor, _accessKey, both.Token);
            LinkSession session = new(LinkSide.Child);
            Frame hello = new() { Hello = _hello.Clone() };
            hello.Hello.Holdings.AddRange(await _holdings().WaitAsync(both.Token));
            session.Send(hello);
            await link.SendAsync(hello, both.Token);
            Frame? answer = await link.ReceiveAsync(both.Token);
            if (answer is null)
            {
                LogOnce($"The harbor closed the link: {link.EndReason}");
                return null;
            }

            session.Receive(answer);
            _lastProblem = string.Empty;
            LogConnected(_harbor, new HarborId(session.Welcome!.Harbor), session.Welcome.Name);
            HarborLink welcomed = new(link, session);
            link = null;
            return welcomed;
        }
        catch (LinkClosedException exception)
        {
            LogOnce(exception.Message);
            return null;
        }
        catch (LinkProtocolException exception)
        {
            LogOnce($"The harbor and this agent do not understand each other. {exception.Message}");
            return null;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            LogOnce("The harbor does not answer.");
            return null;
        }
        finally
        {
            if (link is not null)
            {
                await link.DisposeAsync();
            }
        }
    }

    private async Task SendAllAsync(HarborLink link, CancellationToken stop)
    {
        try
        {
            while (await link.Outbox.WaitAsync(stop))
            {
                while (link.Outbox.TryTake(out Frame? frame))
                {
                    await link.Link.SendAsync(frame, stop);
                }
            }

            await link.Link.CloseAsync(link.CloseReason, stop);
        }
        catch (LinkClosedException)
        {
            // Receiving has come to the same end.
        }
    }

    private async Task ReceiveAllAsync(HarborLink link, CancellationToken stop)
    {
        try
        {
            while (await link.Link.ReceiveAsync(stop) is { } frame)
            {
                await _tell(new LoopInput.FrameCame(link, frame));
            }
        }
        catch (LinkProtocolException exception)
        {
            LogProtocol(exception.Message);
            link.Close(exception.Message);
        }
    }

    /// <summary>An attempt that fails as the last one did is no news.</summary>
    private void LogOnce(string problem)
    {
        if (!string.Equals(problem, _lastProblem, StringComparison.Ordinal))
        {
            _lastProblem = problem;
            LogNotConnected(problem);
        }
    }

    [LoggerMessage(EventId = 7201, Level = LogLevel.Information,
        Message = "Linked to {Address}: harbor {Harbor} '{Name}'")]
    private partial void LogConnected(Uri address, HarborId harbor, string name);

    [LoggerMessage(EventId = 7202, Level = LogLevel.Warning, Message = "{Problem} The agent goes on trying")]
    private partial void LogNotConnected(string problem);

    [LoggerMessage(EventId = 7203, Level = LogLevel.Information,
        Message = "The link to the harbor has ended: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(EventId = 7204, Level = LogLevel.Error,
        Message = "The harbor broke the protocol of the link: {Rule}")]
    private partial void LogProtocol(string rule);
}
