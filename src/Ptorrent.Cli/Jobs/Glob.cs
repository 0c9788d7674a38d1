using System.IO.Enumeration;
using Ptorrent.Cli.Output;

namespace Ptorrent.Cli.Jobs;

/// <summary>
/// Finds files by patterns: <c>*</c> any characters of a name, <c>?</c> one, <c>[a-z]</c> one of a set (<c>[!a-z]</c>
/// none of it), <c>**</c> as a whole part of the path: folders of any depth, none included. A name that begins with a
/// dot is found only by a pattern that does. Folders that are symbolic links are not entered by <c>**</c>, so a search
/// always ends.
/// </summary>
internal static class Glob
{
    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = FileAttributes.None,
        IgnoreInaccessible = true,
        MatchType = MatchType.Simple,
    };

    /// <summary>Whether there is anything in <paramref name="path"/> that makes it a pattern.</summary>
    public static bool IsPattern(string path) => path.AsSpan().ContainsAny('*', '?', '[');

    /// <summary>The regular files that match, each once, in ordinal order. A path that exists as it is written is
    /// itself, whatever characters it has.</summary>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        if (File.Exists(pattern))
        {
            return RegularFile.Exists(pattern) ? [pattern] : [];
        }

        if (!IsPattern(pattern))
        {
            return [];
        }

        string root = Path.GetPathRoot(pattern) ?? string.Empty;
        string[] parts = pattern[root.Length..].Split(
            ['/', Path.DirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        SortedSet<string> found = new(StringComparer.Ordinal);
        Walk(root, parts, found);
        return [.. found];
    }

    /// <summary>Whether a name, without folders, matches a part of a pattern.</summary>
    public static bool Matches(string part, string name) =>
        (name[0] != '.' || part[0] == '.') && MatchesFrom(part, name);

    private static void Walk(string folder, ReadOnlySpan<string> parts, SortedSet<string> found)
    {
        string part = parts[0];
        ReadOnlySpan<string> rest = parts[1..];
        if (string.Equals(part, "**", StringComparison.Ordinal))
        {
            // At the end it stands for every file below.
            Walk(folder, rest.IsEmpty ? ["*"] : rest, found);
            foreach (string name in NamesIn(folder).Where(n => n[0] != '.'))
            {
                string inner = Join(folder, name);
                if (Directory.Exists(inner) && new DirectoryInfo(inner).LinkTarget is null)
                {
                    Walk(inner, parts, found);
                }
            }

            return;
        }

        IEnumerable<string> names = IsPattern(part) ? MatchingNames(folder, part) : [part];
        foreach (string name in names)
        {
            string path = Join(folder, name);
            if (!rest.IsEmpty)
            {
                if (Directory.Exists(path))
                {
                    Walk(path, rest, found);
                }
            }
            else if (RegularFile.Exists(path))
            {
                found.Add(path);
            }
        }
    }

    private static IEnumerable<string> MatchingNames(string folder, string part) =>
        NamesIn(folder).Where(name => Matches(part, name));

    private static IEnumerable<string> NamesIn(string folder)
    {
        string path = folder.Length == 0 ? "." : folder;
        return Directory.Exists(path)
            ? [.. new FileSystemEnumerable<string>(path, (ref FileSystemEntry e) => e.FileName.ToString(), Everything)]
            : [];
    }

    private static string Join(string folder, string name) => folder.Length == 0 ? name : Path.Combine(folder, name);

    private static bool MatchesFrom(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        // After a star that did not fit, the last one takes a character more: quadratic at worst, never exponential.
        int p = 0;
        int n = 0;
        int starAt = -1;
        int starTook = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                starAt = p++;
                starTook = n;
            }
            else if (p < pattern.Length && MatchesOne(pattern[p..], name[n], out int length))
            {
                p += length;
                n++;
            }
            else if (starAt >= 0)
            {
                p = starAt + 1;
                n = ++starTook;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].TrimStart('*').IsEmpty;
    }

    /// <summary>Whether the front of the pattern, of <paramref name="length"/> characters, stands for this character.
    /// </summary>
    private static bool MatchesOne(ReadOnlySpan<char> pattern, char c, out int length)
    {
        length = 1;

        // A bracket right behind the opening one belongs to the set; one that is never closed is itself.
        int close = pattern[0] == '[' && pattern.Length > 2 ? pattern[2..].IndexOf(']') + 2 : 1;
        if (close == 1)
        {
            return pattern[0] == '?' || pattern[0] == c;
        }

        length = close + 1;
        bool negated = pattern[1] is '!' or '^';
        ReadOnlySpan<char> set = pattern[(negated ? 2 : 1)..close];
        bool inside = false;
        for (int i = 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                inside |= c >= set[i] && c <= set[i + 2];
                i += 2;
            }
            else
            {
                inside |= c == set[i];
            }
        }

        return inside != negated;
    }
}
