using System.Collections.Immutable;

namespace Ptorrent.Model.Blobs;

/// <summary>What the harbor answers to a <see cref="PieceReport"/>.</summary>
/// <param name="Version">Grows whenever somebody has something new.</param>
/// <param name="Pieces">Pieces that this agent fetches from the harbor, for itself and for the others.</param>
/// <param name="Sources">The other agents on its network, and what they have.</param>
public sealed record PieceAdvice(long Version, ImmutableArray<int> Pieces, ImmutableArray<PieceSource> Sources);
