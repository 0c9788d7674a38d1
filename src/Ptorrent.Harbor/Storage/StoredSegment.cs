using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.Storage;

/// <summary>A stored segment without its content.</summary>
/// <param name="Round">0 for the program's own output, above it for the rounds of merging.</param>
/// <param name="Range">Its indices.</param>
/// <param name="InlineBytes">Bytes of content beside the record; 0 for a blob.</param>
/// <param name="Agent">From whom it came.</param>
/// <param name="AgentName">That agent's name.</param>
/// <param name="Burnt">Fuel burnt for it.</param>
internal readonly record struct StoredSegment(
    int Round,
    IndexRange Range,
    int InlineBytes,
    AgentId Agent,
    string AgentName,
    Fuel Burnt)
{
    public static StoredSegment Of(StorageRecord.SegmentAdded record, string agentName) =>
        new(record.Round, record.Range, record.Content.Inline.Length, record.Agent, agentName, record.Burnt);
}
