using System.Globalization;
using System.Numerics;
using System.Text;
using Ptorrent.Model.Segments;

namespace Ptorrent.Work.Combining;

/// <summary>
/// A decimal number without rounding: <c>Unscaled × 10^-Scale</c>. Sums of such numbers are associative, which sums of
/// floating-point numbers are not, so the order in which a network adds never shows in the result.
/// </summary>
internal readonly struct ExactDecimal : IComparable<ExactDecimal>
{
    /// <summary>Digits of a number before its point, and after it.</summary>
    public const int DigitCountMax = 1_000;

    // A sum has more digits than its parts and is read again on the next level: this many more for 10^32 parts.
    private const int CarryDigitCount = 32;

    // Zero has the scale zero, and no other number ends in needless zeros after its point: one form a value.
    private readonly BigInteger _unscaled;
    private readonly int _scale;

    private ExactDecimal(BigInteger unscaled, int scale)
    {
        _unscaled = unscaled;
        _scale = scale;
    }

    public static ExactDecimal operator +(ExactDecimal left, ExactDecimal right)
    {
        int scale = Math.Max(left._scale, right._scale);
        return Reduced(left.UnscaledAt(scale) + right.UnscaledAt(scale), scale);
    }

    /// <summary>Reads sign, digits, point and exponent.</summary>
    /// <exception cref="SegmentException">It is no number, or has over <see cref="DigitCountMax"/> digits before or
    /// after its point.</exception>
    public static ExactDecimal Parse(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> rest = text;
        bool negative = TakeSign(ref rest);
        ReadOnlySpan<byte> whole = TakeDigits(ref rest);
        ReadOnlySpan<byte> fraction = default;
        if (!rest.IsEmpty && rest[0] == '.')
        {
            rest = rest[1..];
            fraction = TakeDigits(ref rest);
        }

        int exponent = 0;
        if (!rest.IsEmpty && (rest[0] | 0x20) == 'e')
        {
            rest = rest[1..];
            bool down = TakeSign(ref rest);
            ReadOnlySpan<byte> digits = TakeDigits(ref rest);
            if (digits.IsEmpty || digits.Length > 4)
            {
                throw NotANumber(text);
            }

            exponent = int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) * (down ? -1 : 1);
        }

        if (!rest.IsEmpty || whole.Length + fraction.Length == 0)
        {
            throw NotANumber(text);
        }

        if (whole.Length + exponent > DigitCountMax + CarryDigitCount || fraction.Length - exponent > DigitCountMax)
        {
            throw new SegmentException($"A number has more than {DigitCountMax} digits before or after its point.");
        }

        BigInteger unscaled = BigInteger.Parse(
            string.Concat(Encoding.ASCII.GetString(whole), Encoding.ASCII.GetString(fraction)),
            NumberStyles.None,
            CultureInfo.InvariantCulture);
        int scale = fraction.Length - exponent;
        if (scale < 0)
        {
            unscaled *= BigInteger.Pow(10, -scale);
            scale = 0;
        }

        return Reduced(negative ? -unscaled : unscaled, scale);
    }

    public int CompareTo(ExactDecimal other)
    {
        int scale = Math.Max(_scale, other._scale);
        return UnscaledAt(scale).CompareTo(other.UnscaledAt(scale));
    }

    /// <summary>The one way to write it: no exponent, no needless zeros, no plus sign.</summary>
    public override string ToString()
    {
        string digits = BigInteger.Abs(_unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(_scale + 1, '0');
        string sign = _unscaled.Sign < 0 ? "-" : string.Empty;
        return _scale == 0 ? sign + digits : $"{sign}{digits[..^_scale]}.{digits[^_scale..]}";
    }

    private static ExactDecimal Reduced(BigInteger unscaled, int scale)
    {
        if (unscaled.IsZero)
        {
            return default;
        }

        while (scale > 0)
        {
            (BigInteger quotient, BigInteger digit) = BigInteger.DivRem(unscaled, 10);
            if (!digit.IsZero)
            {
                break;
            }

            unscaled = quotient;
            scale--;
        }

        return new ExactDecimal(unscaled, scale);
    }

    private static bool TakeSign(scoped ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty || rest[0] is not ((byte)'-' or (byte)'+'))
        {
            return false;
        }

        bool negative = rest[0] == '-';
        rest = rest[1..];
        return negative;
    }

    private static ReadOnlySpan<byte> TakeDigits(scoped ref ReadOnlySpan<byte> rest)
    {
        int count = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        ReadOnlySpan<byte> digits = count < 0 ? rest : rest[..count];
        rest = rest[digits.Length..];
        return digits;
    }

    private static SegmentException NotANumber(ReadOnlySpan<byte> text)
    {
        const int ShownMax = 40;
        string shown = Encoding.UTF8.GetString(text[..Math.Min(text.Length, ShownMax)]);
        return new SegmentException($"'{shown}' is no decimal number.");
    }

    private BigInteger UnscaledAt(int scale) =>
        scale == _scale ? _unscaled : _unscaled * BigInteger.Pow(10, scale - _scale);
}
