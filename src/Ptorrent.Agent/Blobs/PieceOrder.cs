using Ptorrent.Model.Blobs;

namespace Ptorrent.Agent.Blobs;

/// <summary>A piece, and whom to fetch it from: another agent, or the harbor where <paramref name="Source"/> is null.
/// </summary>
internal sealed record PieceOrder(int Piece, PieceSource? Source);
