using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ptorrent.Model.Identity;

/// <summary>Writes an id into JSON as it prints.</summary>
/// <typeparam name="TId">The id's type.</typeparam>
public sealed class PrefixedIdConverter<TId> : JsonConverter<TId>
    where TId : struct, IPrefixedId<TId>
{
    /// <inheritdoc/>
    /// <exception cref="JsonException">The text is no such id.</exception>
    public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        PrefixedId.TryParse(reader.GetString(), out TId id)
            ? id
            : throw new JsonException($"Expected an id that begins with {TId.Prefix}.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.ToString());
    }
}
