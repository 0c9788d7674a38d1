using Ptorrent.Model.Programs;

namespace Ptorrent.Sandbox.Slots;

/// <summary>Names of files, the program's own and those of its inputs.</summary>
internal static class FileNames
{
    private const int PartCharactersMax = 255;

    /// <summary>The first name that is not safe to append to a folder on every system; null where all are.</summary>
    internal static string? FindUnsafe(RunOutput output)
    {
        foreach (OutputFile file in output.Files)
        {
            if (!IsSafe(file.Path))
            {
                return file.Path;
            }
        }

        return null;
    }

    /// <summary>Whether each part of the path is an ordinary name.</summary>
    internal static bool IsSafe(string name)
    {
        if (name.AsSpan().ContainsAny('\\', ':') || name.Any(char.IsControl))
        {
            return false;
        }

        foreach (Range part in name.AsSpan().Split('/'))
        {
            if (!IsPart(name.AsSpan()[part]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an input's name is one part of a path, as the executor demands it.</summary>
    internal static bool IsSafePart(string name) => IsPart(name) && !name.AsSpan().ContainsAny('/', '\0');

    private static bool IsPart(ReadOnlySpan<char> part) =>
        part.Length is > 0 and <= PartCharactersMax && part is not ("." or "..");
}
