using System.Text;

namespace Ptorrent.Cli.Display;

/// <summary>Rows of text with aligned columns, for standard output: plain enough for other tools to take
/// apart.</summary>
internal static class TextTable
{
    private const string Gap = "  ";

    public static string Format(IReadOnlyList<string> heads, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        int[] widths = [.. heads.Select((head, i) => rows.Select(row => row[i].Length).Append(head.Length).Max())];
        StringBuilder text = new();
        foreach (IReadOnlyList<string> row in rows.Prepend(heads))
        {
            IEnumerable<string> cells = row.Select((cell, i) => i == row.Count - 1 ? cell : cell.PadRight(widths[i]));
            text.AppendJoin(Gap, cells).Append('\n');
        }

        return Terminal.Plain(text.ToString());
    }
}
