using Ptorrent.Model.Units;

namespace Ptorrent.Agent.Device;

/// <summary>What a range brought: its segment and what that cost.</summary>
internal readonly record struct Piece(IndexRange Range, ReadOnlyMemory<byte> Segment, Fuel Burnt, TimeSpan Busy);
