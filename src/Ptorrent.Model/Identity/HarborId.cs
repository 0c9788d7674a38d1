using System.Text.Json.Serialization;

namespace Ptorrent.Model.Identity;

/// <summary>A harbor. Made at its first start and kept in its home. Prints as <c>hrb_</c> and thirteen base-32
/// characters; zero is no id.</summary>
[JsonConverter(typeof(PrefixedIdConverter<HarborId>))]
public readonly record struct HarborId(ulong Value) : IPrefixedId<HarborId>
{
    /// <inheritdoc/>
    public static string Prefix => "hrb_";

    /// <inheritdoc/>
    public static HarborId FromValue(ulong value) => new(value);

    /// <inheritdoc/>
    public override string ToString() => Prefix + Base32.Encode(Value);
}
