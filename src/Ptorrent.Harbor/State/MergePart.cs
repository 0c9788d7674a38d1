using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.State;

/// <summary>A segment that is to be merged.</summary>
/// <param name="Range">Its indices.</param>
/// <param name="InlineBytes">Bytes that it takes in a frame; 0 for a blob.</param>
internal readonly record struct MergePart(IndexRange Range, int InlineBytes);
