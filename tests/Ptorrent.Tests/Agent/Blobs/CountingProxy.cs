using System.Net;
using System.Net.Sockets;

namespace Ptorrent.Tests.Agent.Blobs;

/// <summary>Carries connections to a server and counts the bytes that come back; may cut them all.</summary>
internal sealed class CountingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private long _bytes;
    private long _cutAt = long.MaxValue;

    public CountingProxy(Uri server)
    {
        _server = server;
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>Bytes that came from the server.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Breaks every connection as soon as so many bytes have come; new ones break at once.</summary>
    public void CutAt(long bytes) => Interlocked.Exchange(ref _cutAt, bytes);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> carrying = [];
        try
        {
            while (true)
            {
                carrying.Add(CarryAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        finally
        {
            await Task.WhenAll(carrying).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using TcpClient server = new();
        using (client)
        {
            await server.ConnectAsync(_server.Host, _server.Port, _stop.Token);
            Task up = client.GetStream().CopyToAsync(server.GetStream(), _stop.Token);
            Task down = CountAsync(server.GetStream(), client.GetStream());
            await await Task.WhenAny(up, down);
        }
    }

    private async Task CountAsync(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[64 * 1024];
        int got;
        while ((got = await from.ReadAsync(buffer, _stop.Token)) > 0
            && Interlocked.Add(ref _bytes, got) < Interlocked.Read(ref _cutAt))
        {
            await to.WriteAsync(buffer.AsMemory(0, got), _stop.Token);
        }
    }
}
