using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ptorrent.Model.Units;

/// <summary>
/// Metered work: weighted WebAssembly instructions, not seconds. The same program on the same input burns the same fuel
/// on every machine. Arithmetic is checked.
/// </summary>
[JsonConverter(typeof(FuelConverter))]
public readonly record struct Fuel(long Units) : IComparable<Fuel>
{
    /// <summary>No work.</summary>
    public static Fuel Zero => new(0);

    /// <summary>The sum. Throws where it overflows.</summary>
    public static Fuel operator +(Fuel left, Fuel right) => new(checked(left.Units + right.Units));

    /// <summary>The difference. Throws where it overflows.</summary>
    public static Fuel operator -(Fuel left, Fuel right) => new(checked(left.Units - right.Units));

    /// <summary>Whether there is less on the left.</summary>
    public static bool operator <(Fuel left, Fuel right) => left.Units < right.Units;

    /// <summary>Whether there is more on the left.</summary>
    public static bool operator >(Fuel left, Fuel right) => left.Units > right.Units;

    /// <summary>Whether there is no more on the left.</summary>
    public static bool operator <=(Fuel left, Fuel right) => left.Units <= right.Units;

    /// <summary>Whether there is no less on the left.</summary>
    public static bool operator >=(Fuel left, Fuel right) => left.Units >= right.Units;

    /// <summary>This much <paramref name="count"/> times; the largest fuel there is where that would
    /// overflow.</summary>
    public Fuel TimesSaturating(long count)
    {
        Int128 product = (Int128)Units * count;
        return new(product > long.MaxValue ? long.MaxValue : (long)product);
    }

    /// <inheritdoc/>
    public int CompareTo(Fuel other) => Units.CompareTo(other.Units);

    /// <inheritdoc/>
    public override string ToString() => Units.ToString(CultureInfo.InvariantCulture);

    internal sealed class FuelConverter : JsonConverter<Fuel>
    {
        public override Fuel Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, Fuel value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Units);
    }
}
