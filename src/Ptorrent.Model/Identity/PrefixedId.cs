namespace Ptorrent.Model.Identity;

/// <summary>Reads ids as they print.</summary>
public static class PrefixedId
{
    /// <summary>Reads an id: its prefix and thirteen base-32 characters, nothing else. Zero is refused.</summary>
    public static bool TryParse<TId>(ReadOnlySpan<char> text, out TId id)
        where TId : struct, IPrefixedId<TId>
    {
        id = default;
        if (!text.StartsWith(TId.Prefix, StringComparison.Ordinal)
            || !Base32.TryDecode(text[TId.Prefix.Length..], out ulong value)
            || value == 0)
        {
            return false;
        }

        id = TId.FromValue(value);
        return true;
    }
}
