using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Network;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Model.Serialization;

/// <summary>
/// The one way in which the model is written as JSON: camel case, enums by name, absent where null, unknown members
/// refused.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JobRequest))]
[JsonSerializable(typeof(JobStatus))]
[JsonSerializable(typeof(ImmutableArray<JobStatus>))]
[JsonSerializable(typeof(JobProgress))]
[JsonSerializable(typeof(ImmutableArray<Digest>))]
[JsonSerializable(typeof(NetworkStatus))]
[JsonSerializable(typeof(PieceAdvice))]
[JsonSerializable(typeof(PieceReport))]
[JsonSerializable(typeof(Refusal))]
public sealed partial class ModelJson : JsonSerializerContext;
