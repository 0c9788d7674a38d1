using System.Collections.Immutable;
using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Blobs;

/// <summary>What an agent tells the harbor about a blob that it fetches or has.</summary>
public sealed record PieceReport
{
    /// <summary>The most pieces that may be wanted at once.</summary>
    public const int WantsMax = 64;

    /// <summary>The most sources that may be named as lost.</summary>
    public const int LostCountMax = 256;

    /// <summary>The longest that an answer is held back, in milliseconds.</summary>
    public const int PatienceMillisecondsMax = 20_000;

    /// <summary>Where others on its network reach it: an address and a port, as in <c>192.168.1.7:40123</c>.</summary>
    public required string Address { get; init; }

    /// <summary>The pieces that it has, as <see cref="Merkle.PieceMap"/> writes them.</summary>
    public required ReadOnlyMemory<byte> Have { get; init; }

    /// <summary>How many more pieces it would fetch from the harbor now; 0 to <see cref="WantsMax"/>.</summary>
    public int Wants { get; init; }

    /// <summary>The version of the last advice that it got; 0 for none.</summary>
    public long Seen { get; init; }

    /// <summary>How long the answer may be held back while there is nothing new, in milliseconds; 0 to
    /// <see cref="PatienceMillisecondsMax"/>.</summary>
    public int PatienceMilliseconds { get; init; }

    /// <summary>Sources that did not deliver; at most <see cref="LostCountMax"/>.</summary>
    public ImmutableArray<AgentId> Lost { get; init; } = [];
}
