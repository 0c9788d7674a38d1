namespace Ptorrent.Model.Identity;

/// <summary>
/// Crockford's base 32 (lower case) of 64-bit numbers: thirteen characters without i, l, o and u, so that an id can be
/// read aloud. Source: Douglas Crockford, "Base 32".
/// </summary>
internal static class Base32
{
    public const int Length = 13;

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public static string Encode(ulong value)
    {
        Span<char> text = stackalloc char[Length];
        for (int i = Length - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(value & 31)];
            value >>= 5;
        }

        return new string(text);
    }

    public static bool TryDecode(ReadOnlySpan<char> text, out ulong value)
    {
        value = 0;
        if (text.Length != Length)
        {
            return false;
        }

        UInt128 sum = 0;
        foreach (char c in text)
        {
            int digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            sum = (sum << 5) | (uint)digit;
        }

        if (sum > ulong.MaxValue)
        {
            return false;
        }

        value = (ulong)sum;
        return true;
    }
}
