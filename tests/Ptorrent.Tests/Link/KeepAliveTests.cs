using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ptorrent.Link.Transports;
using Xunit;

namespace Ptorrent.Tests.Link;

// Goal: a line that died without a word is noticed by whoever has nothing to write, and by whoever has.
// Method: two sockets over loopback; a filter of the kernel takes away whatever comes to one of them, so that the
// other end sees what it would see of a machine that was suspended.
public sealed class KeepAliveTests
{
    private static readonly KeepAlive Impatient = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Default_NoticesWithinAMinute()
    {
        Assert.Equal(TimeSpan.FromMinutes(1), KeepAlive.Default.NoticeTimeMax);
    }

    [Fact]
    public async Task Apply_ToAListener_HoldsForWhatItAccepts()
    {
        using Socket listener = Listen(KeepAlive.Default);
        using Socket child = new(SocketType.Stream, ProtocolType.Tcp);
        await child.ConnectAsync(listener.LocalEndPoint!);
        using Socket parent = await listener.AcceptAsync();

        AssertWatched(parent);
        Assert.Equal(0, (int)child.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
    }

    [Theory]
    [InlineData(false)] // Nobody has anything to say: probes are sent.
    [InlineData(true)] // What was written is not repeated for ever.
    public async Task CutWithoutAWord_ReaderNotices(bool writes)
    {
        (Socket child, Socket parent) = await ConnectAsync();
        using (child)
        using (parent)
        {
            Task<int> reading = child.ReceiveAsync(new byte[1]);
            TakeAwayWhatComes(parent);
            if (writes)
            {
                await child.SendAsync(new byte[1]);
            }

            await Assert.ThrowsAsync<SocketException>(() => reading.WaitAsync(Patience));
        }
    }

    [Fact]
    public async Task IdleLine_ThatAnswers_Stays()
    {
        (Socket child, Socket parent) = await ConnectAsync();
        using (child)
        using (parent)
        {
            Task<int> reading = child.ReceiveAsync(new byte[1]);
            await Task.WhenAny(reading, Task.Delay(Impatient.NoticeTimeMax + Impatient.ProbeTime));
            Assert.False(reading.IsCompleted);
            await parent.SendAsync(new byte[1]);
            Assert.Equal(1, await reading.WaitAsync(Patience));
        }
    }

    /// <summary>Whether a socket has what all lines have.</summary>
    internal static void AssertWatched(Socket socket)
    {
        Assert.NotEqual(0, (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
        Assert.Equal(30, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(10, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(3, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
        byte[] milliseconds = new byte[4];
        socket.GetRawSocketOption((int)ProtocolType.Tcp, 18, milliseconds);
        Assert.Equal(60_000, BitConverter.ToInt32(milliseconds));
    }

    private static Socket Listen(KeepAlive keepAlive)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        keepAlive.Apply(listener);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private static async Task<(Socket Child, Socket Parent)> ConnectAsync()
    {
        using Socket listener = Listen(Impatient);
        Socket child = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Impatient.Apply(child);
        await child.ConnectAsync(listener.LocalEndPoint!);
        return (child, await listener.AcceptAsync());
    }

    /// <summary>Attaches a filter that lets no segment through: its one instruction returns a length of 0.</summary>
    private static void TakeAwayWhatComes(Socket socket)
    {
        const int SolSocket = 1;
        const int SoAttachFilter = 26;
        ulong instruction = BitConverter.IsLittleEndian ? 0x06UL : 0x06UL << 48;
        IntPtr program = Marshal.AllocHGlobal(sizeof(ulong));
        try
        {
            Marshal.WriteInt64(program, (long)instruction);
            byte[] description = new byte[16];
            MemoryMarshal.Write(description, (ushort)1);
            MemoryMarshal.Write(description.AsSpan(8), program);
            socket.SetRawSocketOption(SolSocket, SoAttachFilter, description);
        }
        finally
        {
            Marshal.FreeHGlobal(program);
        }
    }
}
