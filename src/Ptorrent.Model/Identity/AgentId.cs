using System.Text.Json.Serialization;

namespace Ptorrent.Model.Identity;

/// <summary>An agent: one household device that shares. Made at its first start and kept in its home. Prints as
/// <c>agt_</c> and thirteen base-32 characters; zero is no id.</summary>
[JsonConverter(typeof(PrefixedIdConverter<AgentId>))]
public readonly record struct AgentId(ulong Value) : IPrefixedId<AgentId>
{
    /// <inheritdoc/>
    public static string Prefix => "agt_";

    /// <inheritdoc/>
    public static AgentId FromValue(ulong value) => new(value);

    /// <inheritdoc/>
    public override string ToString() => Prefix + Base32.Encode(Value);
}
