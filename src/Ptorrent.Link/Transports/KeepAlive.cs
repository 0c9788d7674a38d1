using System.Net.Sockets;

namespace Ptorrent.Link.Transports;

/// <summary>
/// How an operating system notices by itself that a line is dead: the other machine was suspended, or a cable was
/// pulled, and nobody said so. Its probes carry no bytes, so a link stays as silent as it is; a line that carries
/// something is given up when nothing of it is acknowledged for as long.
/// </summary>
/// <param name="IdleTime">How long a line is silent before the first probe.</param>
/// <param name="ProbeTime">The time from one probe to the next.</param>
/// <param name="ProbeCount">Probes without an answer after which the line is dead.</param>
public sealed record KeepAlive(TimeSpan IdleTime, TimeSpan ProbeTime, int ProbeCount)
{
    // Linux's number of what .NET has no name for.
    private const int TcpUserTimeout = 18;

    /// <summary>What all lines of harbors and agents have: a dead one is noticed within a minute.</summary>
    public static KeepAlive Default { get; } = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), 3);

    /// <summary>How long a dead line goes unnoticed.</summary>
    public TimeSpan NoticeTimeMax => IdleTime + (ProbeCount * ProbeTime);

    /// <summary>Sets it on a TCP socket: one that connects, or one that listens, for all that it accepts.</summary>
    /// <exception cref="SocketException">The system refuses.</exception>
    public void Apply(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        socket.SetSocketOption(
            SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)IdleTime.TotalSeconds);
        socket.SetSocketOption(
            SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)ProbeTime.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, ProbeCount);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        if (OperatingSystem.IsLinux())
        {
            // Otherwise what was written on a dead line is repeated for a quarter of an hour, and nothing is probed.
            byte[] milliseconds = BitConverter.GetBytes((int)NoticeTimeMax.TotalMilliseconds);
            socket.SetRawSocketOption((int)ProtocolType.Tcp, TcpUserTimeout, milliseconds);
        }
    }
}
