using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ptorrent.Model;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Harbor.Blobs;

/// <summary>
/// The agents of one local network that fetch or have one blob. Decides who fetches which piece from the harbor: a
/// piece that no other agent has is claimed by one, and by another when its time is over. So each piece leaves the
/// harbor once, and the rest goes from agent to agent. Synchronous; the time is told.
/// </summary>
internal sealed class PieceSwarm(int pieceCount)
{
    public const int MemberCountMax = 256;

    // A claim ends after this many times what the pieces before have taken, within bounds.
    private const int ClaimTimeFactor = 8;

    private static readonly TimeSpan ClaimTimeFirst = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClaimTimeLowest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ClaimTimeHighest = TimeSpan.FromSeconds(60);

    private readonly Dictionary<AgentId, Member> _members = [];
    private readonly int[] _holderCounts = new int[pieceCount];
    private readonly Dictionary<int, Claim> _claims = [];
    private TimeSpan _claimTime = ClaimTimeFirst;
    private int _next;

    public int PieceCount { get; } = pieceCount;

    /// <summary>Grows when somebody has more than before, or has gone.</summary>
    public long Version { get; private set; } = 1;

    /// <summary>When the next claim ends; null where there is none.</summary>
    public TimeSpan? NextWakeAt => _claims.Count == 0 ? null : _claims.Values.Min(c => c.Until);

    /// <summary>Takes note of what an agent has.</summary>
    /// <returns>The number of its report, by which a later one is told from it; null where the swarm is full.</returns>
    public long? Report(TimeSpan now, AgentId agent, PieceReport report, PieceMap have)
    {
        if (!_members.TryGetValue(agent, out Member? member))
        {
            if (_members.Count >= MemberCountMax)
            {
                return null;
            }

            member = new Member(PieceCount);
            _members.Add(agent, member);
        }

        member.Address = report.Address;
        member.Lost = report.Lost;
        for (int piece = 0; piece < PieceCount; piece++)
        {
            if (have[piece] != member.Have[piece])
            {
                Version++;
                _holderCounts[piece] += have[piece] ? 1 : -1;
                EndClaim(now, piece, agent);
            }
        }

        member.Have = have;
        return ++member.Turn;
    }

    /// <summary>Whether a report is the last one of its agent.</summary>
    public bool IsLast(AgentId agent, long turn) =>
        _members.TryGetValue(agent, out Member? member) && member.Turn == turn;

    /// <summary>Whether there is anything to tell an agent that it has not seen.</summary>
    public bool HasNews(TimeSpan now, AgentId agent, long seen, int wants) =>
        Version > seen || (wants > 0 && Enumerable.Range(0, PieceCount).Any(p => IsFree(now, agent, p)));

    /// <summary>What an agent should know, and claims for it up to <paramref name="wants"/> pieces.</summary>
    public PieceAdvice Advise(TimeSpan now, AgentId agent, int wants) => new(
        Version,
        ClaimPieces(now, agent, wants),
        [
            .. _members
                .Where(m => m.Key != agent && m.Value.Have.HeldCount > 0)
                .Select(m => new PieceSource(m.Key, m.Value.Address, m.Value.Have.ToByteArray())),
        ]);

    /// <summary>Forgets an agent.</summary>
    public void Leave(AgentId agent)
    {
        if (!_members.Remove(agent, out Member? member))
        {
            return;
        }

        Version++;
        for (int piece = 0; piece < PieceCount; piece++)
        {
            _holderCounts[piece] -= member.Have[piece] ? 1 : 0;
            if (_claims.TryGetValue(piece, out Claim claim) && claim.Agent == agent)
            {
                _claims.Remove(piece);
            }
        }
    }

    private ImmutableArray<int> ClaimPieces(TimeSpan now, AgentId agent, int wants)
    {
        List<int> claimed = [];
        for (int i = 0; i < PieceCount && claimed.Count < wants; i++)
        {
            int piece = _next;
            _next = (_next + 1) % PieceCount;
            if (IsFree(now, agent, piece))
            {
                _claims[piece] = new Claim(agent, now, now + _claimTime);
                claimed.Add(piece);
            }
        }

        return [.. CollectionsMarshal.AsSpan(claimed)];
    }

    /// <summary>Whether an agent needs a piece that it can only have from the harbor, and nobody fetches it there.
    /// </summary>
    private bool IsFree(TimeSpan now, AgentId agent, int piece)
    {
        Member member = _members[agent];
        return !member.Have[piece]
            && (!_claims.TryGetValue(piece, out Claim claim) || claim.Until <= now)
            && _holderCounts[piece] == member.Lost.Count(l => IsHeldBy(l, piece));
    }

    private bool IsHeldBy(AgentId agent, int piece) =>
        _members.TryGetValue(agent, out Member? member) && member.Have[piece];

    private void EndClaim(TimeSpan now, int piece, AgentId agent)
    {
        if (_claims.TryGetValue(piece, out Claim claim) && claim.Agent == agent)
        {
            _claims.Remove(piece);
            TimeSpan time = ClaimTimeFactor * (now - claim.At);
            _claimTime = TimeSpan.FromTicks(Math.Clamp(
                ((3 * _claimTime.Ticks) + time.Ticks) / 4, ClaimTimeLowest.Ticks, ClaimTimeHighest.Ticks));
        }
    }

    private readonly record struct Claim(AgentId Agent, TimeSpan At, TimeSpan Until);

    private sealed class Member(int pieceCount)
    {
        public string Address { get; set; } = string.Empty;

        public PieceMap Have { get; set; } = new(pieceCount);

        public ImmutableArray<AgentId> Lost { get; set; } = [];

        public long Turn { get; set; }
    }
}
