using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Blobs;

/// <summary>An agent that hands pieces of a blob on.</summary>
/// <param name="Agent">Which agent.</param>
/// <param name="Address">Where it is reached: an address and a port.</param>
/// <param name="Have">Its pieces, as <see cref="Merkle.PieceMap"/> writes them.</param>
public sealed record PieceSource(AgentId Agent, string Address, ReadOnlyMemory<byte> Have);
