using System.Text.Json.Serialization;

namespace Ptorrent.Cli.Hosting;

/// <summary>What a running harbor leaves in its home, so that commands find it.</summary>
/// <param name="Address">Where it listens.</param>
/// <param name="Pid">Its process.</param>
internal sealed record HarborRecord(Uri Address, int Pid);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HarborRecord))]
internal sealed partial class HarborRecordJson : JsonSerializerContext;
