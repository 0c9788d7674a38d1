using System.Globalization;
using Ptorrent.Model.Units;

namespace Ptorrent.Cli.Display;

/// <summary>Numbers as a person reads them.</summary>
internal static class Figures
{
    private static readonly (double Factor, string Prefix)[] Prefixes =
        [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

    /// <summary>Three digits and a prefix, such as <c>12.3 G</c>.</summary>
    public static string Short(double value)
    {
        foreach ((double factor, string prefix) in Prefixes)
        {
            // What would be rounded up to a thousand of the smaller prefix is one of the larger.
            if (value >= factor * 0.9995)
            {
                return ThreeDigits(value / factor) + " " + prefix;
            }
        }

        bool isWhole = value == Math.Floor(value);
        return (isWhole ? value.ToString("0", CultureInfo.InvariantCulture) : ThreeDigits(value)) + " ";
    }

    public static string OfFuel(Fuel fuel) => Short(fuel.Units) + "fuel";

    public static string OfCount(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Minutes and seconds, or what is right for longer times.</summary>
    public static string OfTime(TimeSpan time) => time switch
    {
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d {time.Hours}h"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Hours}h {time.Minutes:00}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}"),
    };

    /// <summary>A share in percent; never 100 before all is done.</summary>
    public static string OfShare(long part, long whole)
    {
        double percent = whole == 0 ? 100 : 100.0 * part / whole;
        double shown = part < whole ? Math.Min(percent, 99.9) : 100;
        return shown.ToString("0.0", CultureInfo.InvariantCulture) + " %";
    }

    private static string ThreeDigits(double value) => value.ToString(
        value switch { >= 99.95 => "0", >= 9.995 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);
}
