using System.Net;
using System.Net.Sockets;

namespace Ptorrent.Link.Transports;

/// <summary>
/// The local network that an agent is on, as far as its address tells: the first 24 bits of an IPv4 address, the first
/// 64 of an IPv6 address; this machine is a network of its own. Agents of one household behind a router are seen with
/// the router's address, and so on one network.
/// </summary>
/// <param name="Prefix">The address's first bits, as a number.</param>
/// <param name="IsVersion6">Whether they are of an IPv6 address.</param>
public readonly record struct LocalNetwork(UInt128 Prefix, bool IsVersion6)
{
    private const int AddressBits = 128;
    private const int PrefixBits4 = 24;
    private const int PrefixBits6 = 64;

    /// <summary>The network of an address.</summary>
    public static LocalNetwork Of(IPAddress address)
    {
        if (IPAddress.IsLoopback(address))
        {
            return new LocalNetwork(UInt128.One, IsVersion6: true);
        }

        bool isVersion6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        int prefixBits = isVersion6 ? PrefixBits6 : PrefixBits4;
        return new LocalNetwork(BitsOf(address) >> (AddressBits - prefixBits), isVersion6);
    }

    /// <summary>Whether somebody at one address may be told to go to another: to his own network, or to a private one
    /// that a router hides, but to this very machine only from itself, and never out to the open internet.</summary>
    public static bool IsNear(IPAddress own, IPAddress other) =>
        IPAddress.IsLoopback(own)
            ? IPAddress.IsLoopback(other)
            : !IPAddress.IsLoopback(other) && (Of(own) == Of(other) || IsPrivate(other));

    private static bool IsPrivate(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return address.IsIPv6UniqueLocal;
        }

        byte[] bytes = address.GetAddressBytes();
        return bytes[0] == 10
            || (bytes[0] == 172 && bytes[1] is >= 16 and <= 31)
            || (bytes[0] == 192 && bytes[1] == 168);
    }

    /// <summary>An address's bits from the highest on.</summary>
    private static UInt128 BitsOf(IPAddress address) => address.GetAddressBytes().Index().Aggregate(
        UInt128.Zero, (bits, b) => bits | ((UInt128)b.Item << (AddressBits - (8 * (b.Index + 1)))));
}
