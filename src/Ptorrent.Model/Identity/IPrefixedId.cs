namespace Ptorrent.Model.Identity;

/// <summary>A 64-bit id that prints with the prefix of its kind.</summary>
/// <typeparam name="TSelf">The id's own type.</typeparam>
public interface IPrefixedId<TSelf>
    where TSelf : struct, IPrefixedId<TSelf>
{
    /// <summary>The prefix, with its underscore.</summary>
    static abstract string Prefix { get; }

    /// <summary>The id's 64 bits.</summary>
    ulong Value { get; }

    /// <summary>Makes the id of these 64 bits.</summary>
    static abstract TSelf FromValue(ulong value);
}
