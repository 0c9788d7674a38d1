using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ptorrent.Tests.Sandbox;

/// <summary>tests/hostile/manifest.json: what each hostile program must come to.</summary>
internal sealed record HostileManifest
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public required ImmutableArray<string> About { get; init; }

    public required HostileLimits Defaults { get; init; }

    public required ImmutableArray<HostileProgram> Programs { get; init; }

    internal static string Folder => RepositoryRoot.Combine("tests/hostile");

    internal static HostileManifest Read() =>
        JsonSerializer.Deserialize<HostileManifest>(File.ReadAllBytes(Path.Combine(Folder, "manifest.json")), Json)
        ?? throw new JsonException("The manifest is null.");
}

internal sealed record HostileLimits
{
    public long? Fuel { get; init; }

    public long? MemoryBytes { get; init; }

    public long? OutputBytes { get; init; }

    public long? TimeMilliseconds { get; init; }

    public string? Seed { get; init; }
}

internal sealed record HostileProgram
{
    public required string Name { get; init; }

    public required string File { get; init; }

    public required string Kind { get; init; }

    public required string Tries { get; init; }

    public required ImmutableArray<HostileOutcome> Expect { get; init; }

    public HostileLimits Limits { get; init; } = new();

    public ImmutableArray<string> Arguments { get; init; } = [];

    public ImmutableDictionary<string, string> Parameters { get; init; } = ImmutableDictionary<string, string>.Empty;

    public long Begin { get; init; }

    public long? End { get; init; }

    public bool Each { get; init; }

    public bool Merge { get; init; }
}

internal sealed record HostileOutcome
{
    public string? Refusal { get; init; }

    public string? Load { get; init; }

    public string? Trap { get; init; }

    public string? Output { get; init; }

    public string? OutputMatches { get; init; }

    public string? MessageContains { get; init; }

    public long? Index { get; init; }
}
