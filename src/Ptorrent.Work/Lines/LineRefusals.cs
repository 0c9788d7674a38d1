using System.Globalization;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Work.Lines;

/// <summary>Why a file cannot be a job's lines.</summary>
public static class LineRefusals
{
    /// <summary>One of its lines has more than <see cref="LineIndex.LineBytesMax"/> bytes.</summary>
    public static Refusal TooLong(string name, long longestBytes) => new(
        RefusalCode.TooLarge,
        "lines",
        name,
        string.Create(
            CultureInfo.InvariantCulture,
            $"a line has at most {LineIndex.LineBytesMax} bytes, and one has {longestBytes}"),
        "Put large items into files of their own and use --files");
}
