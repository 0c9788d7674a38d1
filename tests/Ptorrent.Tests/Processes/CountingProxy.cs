using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Ptorrent.Tests.Processes;

/// <summary>A TCP proxy between an agent and its harbor that counts every byte in both directions.</summary>
internal sealed class CountingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _lines = [];
    private readonly Task _accepting;
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _byteCount;

    public CountingProxy(Uri target)
    {
        _target = new IPEndPoint(IPAddress.Parse(target.Host), target.Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Bytes that went through, both ways together.</summary>
    public long ByteCount => Interlocked.Read(ref _byteCount);

    /// <summary>Ends when the next byte goes through.</summary>
    public Task NextByte
    {
        get
        {
            lock (_lock)
            {
                return _next.Task;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_lines);
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _lines.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket near)
    {
        using (near)
        using (Socket far = new(SocketType.Stream, ProtocolType.Tcp))
        {
            near.NoDelay = far.NoDelay = true;
            try
            {
                await far.ConnectAsync(_target, _stop.Token);
                await Task.WhenAll(CopyAsync(near, far), CopyAsync(far, near));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                // One end is gone, so the other goes too.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 * 1024];
        int got;
        while ((got = await from.ReceiveAsync(buffer, _stop.Token)) > 0)
        {
            Count(got);
            await to.SendAsync(buffer.AsMemory(0, got), _stop.Token);
        }

        to.Shutdown(SocketShutdown.Send);
    }

    private void Count(int bytes)
    {
        Interlocked.Add(ref _byteCount, bytes);
        TaskCompletionSource passed;
        lock (_lock)
        {
            (passed, _next) = (_next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        passed.TrySetResult();
    }
}
