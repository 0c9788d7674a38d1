using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Ptorrent.Model;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>
/// Decides which piece of one blob is fetched next, and from whom: first what the harbor said is this agent's to fetch
/// there, since the others wait for it; then what other agents have, the rarest first, each agent beginning somewhere
/// else. Synchronous; not for several threads.
/// </summary>
internal sealed class PiecePlan
{
    // Claims that wait at a time: enough to keep the line busy, few enough that the other agents find work.
    private const int ClaimCountMax = 4;
    private const int FlightsPerSourceMax = 2;

    private readonly PieceMap _map;
    private readonly int _first;
    private readonly HashSet<int> _flying = [];
    private readonly Queue<int> _claims = new();
    private readonly HashSet<AgentId> _lost = [];
    private ImmutableArray<Source> _sources = [];

    /// <summary>Begins with the pieces that are here already.</summary>
    /// <param name="map">They; the plan's own from here on.</param>
    /// <param name="rotation">Any number; agents with different ones begin at different pieces.</param>
    public PiecePlan(PieceMap map, ulong rotation)
    {
        _map = map;
        _first = (int)(rotation % (ulong)map.Count);
    }

    /// <summary>Whether nobody shares the work: every piece may be fetched from the harbor.</summary>
    public bool IsAlone { get; set; }

    /// <summary>Whether all pieces are here.</summary>
    public bool IsWhole => _map.IsWhole;

    /// <summary>How many pieces are here.</summary>
    public int HeldCount => _map.HeldCount;

    /// <summary>Whether there was nothing to fetch when it was last asked for.</summary>
    public bool IsHungry { get; private set; }

    /// <summary>How many more pieces the harbor may give to this agent.</summary>
    public int Wants => Math.Max(0, ClaimCountMax - _claims.Count);

    /// <summary>The version of the last advice; 0 before the first.</summary>
    public long Seen { get; private set; }

    /// <summary>Sources that did not deliver.</summary>
    public ImmutableArray<AgentId> Lost => [.. _lost.Order(Comparer<AgentId>.Create(Compare))];

    /// <summary>The pieces that are here, as they travel.</summary>
    public byte[] ToMapBytes() => _map.ToByteArray();

    /// <summary>Takes what the harbor knows. Advice that came late changes nothing but the claims in it.</summary>
    /// <param name="advice">As it came; whoever it names outside the local network is left out before.</param>
    public void Advise(PieceAdvice advice)
    {
        foreach (int piece in advice.Pieces)
        {
            if (piece >= 0 && piece < _map.Count)
            {
                _claims.Enqueue(piece);
            }
        }

        if (advice.Version <= Seen)
        {
            return;
        }

        Seen = advice.Version;
        _sources =
        [
            .. advice.Sources
                .Where(s => !_lost.Contains(s.Agent))
                .Select(s => (Source: s, Map: PieceMap.TryRead(s.Have.Span, _map.Count)))
                .Where(s => s.Map is not null)
                .Select(s => new Source(s.Source, s.Map!, FlightsOf(s.Source.Agent))), // Just seen not to be null.
        ];
    }

    /// <summary>The next piece; false where nothing can be fetched now.</summary>
    public bool TryTake([NotNullWhen(true)] out PieceOrder? order)
    {
        order = TakeClaim() ?? TakeFromSource() ?? (IsAlone ? TakeAny() : null);
        IsHungry = order is null && !_map.IsWhole;
        if (order is not null)
        {
            _flying.Add(order.Piece);
            if (order.Source is { } from && SourceOf(from.Agent) is { } source)
            {
                source.Flights.Count++;
            }
        }

        return order is not null;
    }

    /// <summary>A piece has come and is good.</summary>
    public void Land(PieceOrder order)
    {
        End(order);
        _map.Add(order.Piece);
    }

    /// <summary>A source did not deliver, or not what it should have: it is asked no more.</summary>
    public void Lose(PieceOrder order)
    {
        Invariant.Holds(order.Source is not null);
        End(order);
        AgentId agent = order.Source.Agent;
        if (_lost.Count < PieceReport.LostCountMax)
        {
            _lost.Add(agent);
        }

        _sources = _sources.RemoveAll(s => s.From.Agent == agent);
    }

    private static int Compare(AgentId left, AgentId right) => left.Value.CompareTo(right.Value);

    private void End(PieceOrder order)
    {
        Invariant.Holds(_flying.Remove(order.Piece));
        if (order.Source is { } from && SourceOf(from.Agent) is { } source)
        {
            source.Flights.Count--;
        }
    }

    private bool IsNeeded(int piece) => !_map[piece] && !_flying.Contains(piece);

    private PieceOrder? TakeClaim()
    {
        while (_claims.TryDequeue(out int piece))
        {
            if (IsNeeded(piece))
            {
                return new PieceOrder(piece, null);
            }
        }

        return null;
    }

    private PieceOrder? TakeFromSource()
    {
        (int Piece, int HolderCount, Source? Source) best = (0, int.MaxValue, null);
        foreach (int piece in Rotated())
        {
            if (IsNeeded(piece) && LeastBusyOf(piece, out int holderCount) is { } source
                && holderCount < best.HolderCount)
            {
                best = (piece, holderCount, source);
            }
        }

        return best.Source is { } from ? new PieceOrder(best.Piece, from.From) : null;
    }

    private PieceOrder? TakeAny()
    {
        foreach (int piece in Rotated())
        {
            if (IsNeeded(piece))
            {
                return new PieceOrder(piece, null);
            }
        }

        return null;
    }

    private Source? LeastBusyOf(int piece, out int holderCount)
    {
        holderCount = 0;
        Source? least = null;
        foreach (Source source in _sources)
        {
            if (source.Map[piece])
            {
                holderCount++;
                if (source.Flights.Count < FlightsPerSourceMax
                    && (least is null || source.Flights.Count < least.Flights.Count))
                {
                    least = source;
                }
            }
        }

        return least;
    }

    private IEnumerable<int> Rotated() => Enumerable.Range(0, _map.Count).Select(i => (_first + i) % _map.Count);

    private Source? SourceOf(AgentId agent) => _sources.FirstOrDefault(s => s.From.Agent == agent);

    private Flights FlightsOf(AgentId agent) => SourceOf(agent)?.Flights ?? new Flights();

    private sealed record Source(PieceSource From, PieceMap Map, Flights Flights);

    private sealed class Flights
    {
        public int Count { get; set; }
    }
}
