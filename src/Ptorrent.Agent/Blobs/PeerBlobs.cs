using System.Net;
using System.Net.Http.Headers;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>Pieces from other agents on the local network, over plain HTTP: what comes is known by its hash. Nothing is
/// tried again, since others have the piece too.</summary>
internal sealed class PeerBlobs : IDisposable
{
    private const int ConnectionsPerPeerMax = 4;

    private readonly TimeSpan _pieceTimeMax;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <param name="pieceTimeMax">A piece that takes longer is given up.</param>
    /// <param name="time">The clock.</param>
    public PeerBlobs(TimeSpan pieceTimeMax, TimeProvider time)
    {
        _pieceTimeMax = pieceTimeMax;
        _time = time;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(2),
            MaxConnectionsPerServer = ConnectionsPerPeerMax,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Whether somebody says that he is where a neighbour of this device can be.</summary>
    public static bool IsNear(IPAddress own, PieceSource source) =>
        IPEndPoint.TryParse(source.Address, out IPEndPoint? address)
        && address.Port != 0
        && LocalNetwork.IsNear(own, address.Address);

    /// <summary>Fetches a piece to the front of <paramref name="bytes"/>.</summary>
    /// <exception cref="InvalidDataException">Other bytes came.</exception>
    /// <exception cref="HttpRequestException">The peer does not answer, or does not have it.</exception>
    /// <exception cref="IOException">The line broke.</exception>
    /// <exception cref="TimeoutException">It took too long.</exception>
    public async Task FetchPieceAsync(
        PieceSource source, PieceLayer layer, int piece, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(_pieceTimeMax, _time);
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            long begin = PieceLayer.OffsetOf(piece);
            Memory<byte> wanted = bytes[..layer.LengthOf(piece)];
            using HttpRequestMessage request =
                new(HttpMethod.Get, new Uri($"http://{source.Address}{ShareListener.PathOf(layer.Root)}"));
            request.Headers.Range = new RangeHeaderValue(begin, begin + wanted.Length - 1);
            using HttpResponseMessage response =
                await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
            response.EnsureSuccessStatusCode();
            await using Stream stream = await response.Content.ReadAsStreamAsync(stop.Token);
            await stream.ReadExactlyAsync(wanted, stop.Token);
            if (await stream.ReadAsync(new byte[1], stop.Token) != 0 || !layer.IsPiece(piece, wanted.Span))
            {
                throw new InvalidDataException("it sent other bytes than the digest says");
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"it took longer than {_pieceTimeMax.TotalSeconds:0.#} s", exception);
        }
    }

    public void Dispose() => _http.Dispose();
}
