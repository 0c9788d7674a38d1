using Ptorrent.Harbor.State;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.Storage;

/// <summary>A stored segment with its content.</summary>
internal readonly record struct SegmentRow(IndexRange Range, SegmentContent Content);
