namespace Ptorrent.Sandbox.Slots;

/// <summary>Names of inputs.</summary>
internal static class FileNames
{
    private const int PartCharactersMax = 255;

    /// <summary>Whether an input's name is one part of a path, as the executor demands it.</summary>
    internal static bool IsSafePart(string name) => IsPart(name) && !name.AsSpan().ContainsAny('/', '\0');

    private static bool IsPart(ReadOnlySpan<char> part) =>
        part.Length is > 0 and <= PartCharactersMax && part is not ("." or "..");
}
