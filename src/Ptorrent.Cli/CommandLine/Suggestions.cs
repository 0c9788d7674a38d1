namespace Ptorrent.Cli.CommandLine;

/// <summary>Finds the word that somebody may have meant.</summary>
internal static class Suggestions
{
    /// <summary>The candidate with the fewest typing errors between it and <paramref name="word"/>; null where even
    /// that one has little in common with it.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        string? nearest = null;
        int fewest = Math.Max(1, word.Trim('-').Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            int errors = word.Length > 2 && candidate.StartsWith(word, StringComparison.Ordinal)
                ? 1
                : Distance(word, candidate);
            if (errors < fewest)
            {
                fewest = errors;
                nearest = candidate;
            }
        }

        return nearest;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
    /// (Damerau's distance, restricted).</summary>
    internal static int Distance(string left, string right)
    {
        int[,] cost = new int[left.Length + 1, right.Length + 1];
        for (int i = 0; i <= left.Length; i++)
        {
            cost[i, 0] = i;
        }

        for (int j = 0; j <= right.Length; j++)
        {
            cost[0, j] = j;
        }

        for (int i = 1; i <= left.Length; i++)
        {
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = cost[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replaced, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[left.Length, right.Length];
    }
}
