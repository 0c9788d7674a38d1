using Ptorrent.Model.Programs;

namespace Ptorrent.Sandbox.Slots;

/// <summary>Names of files that a program chose.</summary>
internal static class OutputNames
{
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
            ReadOnlySpan<char> text = name.AsSpan()[part];
            if (text.Length is 0 or > 255 || text is "." or "..")
            {
                return false;
            }
        }

        return true;
    }
}
