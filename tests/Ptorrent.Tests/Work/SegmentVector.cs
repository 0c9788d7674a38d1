using System.Text.Json;
using Ptorrent.Model.Jobs;
using Xunit.Sdk;

namespace Ptorrent.Tests.Work;

/// <summary>A case of docs/protocol/vectors/segments.json: outputs, and the segment that they become or the words in
/// which they are refused.</summary>
public sealed class SegmentVector : IXunitSerializable
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() },
    };

    public CombineKind Combine { get; set; }

    public int TopCount { get; set; }

    public List<string> Outputs { get; set; } = [];

    public string? Segment { get; set; }

    public string? Refused { get; set; }

    public void Deserialize(IXunitSerializationInfo info)
    {
        SegmentVector read = JsonSerializer.Deserialize<SegmentVector>(info.GetValue<string>("vector")!, Options)!;
        (Combine, TopCount, Outputs, Segment, Refused) =
            (read.Combine, read.TopCount, read.Outputs, read.Segment, read.Refused);
    }

    public void Serialize(IXunitSerializationInfo info) =>
        info.AddValue("vector", JsonSerializer.Serialize(this, Options));

    internal static IEnumerable<SegmentVector> ReadAll() =>
        JsonSerializer.Deserialize<List<SegmentVector>>(
            File.ReadAllText(RepositoryRoot.Combine("docs/protocol/vectors/segments.json")), Options)!;
}
