using System.Globalization;
using Ptorrent.Model.Units;

namespace Ptorrent.Cli.Jobs;

/// <summary>Reads numbers with units as people write them: <c>20G</c> of fuel, <c>512MiB</c>, <c>1h30m</c>.</summary>
internal static class Quantity
{
    private static readonly (string Unit, decimal Factor)[] FuelUnits =
        [("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), (string.Empty, 1)];

    // A bare letter is binary, as for other tools that bound memory; "kB" and its like are decimal by their standard.
    private static readonly (string Unit, decimal Factor)[] ByteUnits =
    [
        ("KiB", 1024), ("MiB", 1024 * 1024), ("GiB", 1024 * 1024 * 1024),
        ("kB", 1e3m), ("KB", 1e3m), ("MB", 1e6m), ("GB", 1e9m),
        ("k", 1024), ("K", 1024), ("M", 1024 * 1024), ("G", 1024 * 1024 * 1024),
        ("B", 1), (string.Empty, 1),
    ];

    private static readonly (string Unit, decimal Ticks)[] TimeUnits =
    [
        ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond), ("ms", TimeSpan.TicksPerMillisecond),
    ];

    public static bool TryParseFuel(string text, out Fuel fuel)
    {
        bool good = TryParse(text, FuelUnits, out long units);
        fuel = new Fuel(units);
        return good;
    }

    public static bool TryParseBytes(string text, out long bytes) => TryParse(text, ByteUnits, out bytes);

    /// <summary>Reads one or more numbers, each with its unit, such as <c>1h30m</c>. A bare number is no duration.
    /// </summary>
    public static bool TryParseTime(string text, out TimeSpan time)
    {
        time = TimeSpan.Zero;
        ReadOnlySpan<char> rest = text;
        decimal ticks = 0;
        while (!rest.IsEmpty)
        {
            int digits = LengthWhile(rest, c => char.IsAsciiDigit(c) || c == '.');
            int letters = LengthWhile(rest[digits..], char.IsAsciiLetter);
            string unit = rest.Slice(digits, letters).ToString();
            decimal factor = TimeUnits.FirstOrDefault(u => string.Equals(u.Unit, unit, StringComparison.Ordinal)).Ticks;
            if (factor == 0 || !TryParseNumber(rest[..digits], out decimal number))
            {
                return false;
            }

            ticks += number * factor;
            if (ticks > TimeSpan.MaxValue.Ticks)
            {
                return false;
            }

            rest = rest[(digits + letters)..];
        }

        time = TimeSpan.FromTicks((long)ticks);
        return text.Length > 0;
    }

    private static bool TryParse(string text, (string Unit, decimal Factor)[] units, out long value)
    {
        value = 0;
        foreach ((string unit, decimal factor) in units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal))
            {
                continue;
            }

            // Digits end where the unit begins, or a longer unit that is not known would pass for a shorter one.
            ReadOnlySpan<char> number = text.AsSpan(0, text.Length - unit.Length).TrimEnd(' ');
            if (!TryParseNumber(number, out decimal parsed) || parsed * factor > long.MaxValue)
            {
                continue;
            }

            decimal product = parsed * factor;
            value = (long)product;
            return value == product;
        }

        return false;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, out decimal number)
    {
        const decimal Largest = 1e18m;
        return decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)
            && number <= Largest;
    }

    private static int LengthWhile(ReadOnlySpan<char> text, Func<char, bool> condition)
    {
        int length = 0;
        while (length < text.Length && condition(text[length]))
        {
            length++;
        }

        return length;
    }
}
