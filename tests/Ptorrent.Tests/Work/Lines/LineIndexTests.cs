using System.Text;
using Ptorrent.Model;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Work.Lines;
using Xunit;

namespace Ptorrent.Tests.Work.Lines;

public sealed class LineIndexTests
{
    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("\n", 1, 0)]
    [InlineData("a", 1, 1)]
    [InlineData("a\n", 1, 1)]
    [InlineData("a\n\nlong", 3, 4)]
    public void Append_Text_CountsLinesAndTheLongest(string text, long count, long longest)
    {
        LineIndex index = new();
        index.Append(Encoding.UTF8.GetBytes(text));
        Assert.Equal((count, longest, text.Length), (index.Count, index.LongestBytes, index.Bytes));
    }

    // Goal: any range of lines is found in any file, and little more than it is read.
    // Method: random files, fed in random chunks, and random ranges beside those that an array of lines gives.
    [Fact]
    public void Find_RandomRanges_GiveTheirLines()
    {
        Prng prng = new(11);
        for (int round = 0; round < 60; round++)
        {
            byte[] file = Draw(prng, lineCount: 1 + (int)prng.Below(9000), lengthMax: round % 3 == 0 ? 900 : 20);
            LineIndex index = new();
            for (int at = 0; at < file.Length;)
            {
                int count = (int)Math.Min(file.Length - at, 1 + prng.Below(70_000));
                index.Append(file.AsSpan(at, count));
                at += count;
            }

            byte[][] lines = LinesOf(file);
            Assert.Equal(lines.Length, index.Count);
            for (int i = 0; i < 50; i++)
            {
                long begin = prng.Below(lines.Length);
                IndexRange range = new(begin, begin + 1 + prng.Below(Math.Min(3000, lines.Length - begin)));
                LinePiece piece = index.Find(range);
                byte[] expected = [.. lines[(int)range.Begin..(int)range.End].SelectMany(line => line)];

                Assert.Equal(expected, piece.Cut(file.AsMemory((int)piece.Offset, piece.Bytes)).ToArray());
                Assert.InRange(piece.Bytes - expected.Length, 0, 2 * (64 * 1024 + 1000));
            }
        }
    }

    [Fact]
    public void Find_LineThatIsNotThere_IsABug()
    {
        LineIndex index = new();
        index.Append("a\nb"u8);
        Assert.Throws<InvariantException>(() => index.Find(new IndexRange(1, 3)));
    }

    private static byte[] Draw(Prng prng, int lineCount, int lengthMax)
    {
        List<byte> file = [];
        for (int i = 0; i < lineCount; i++)
        {
            file.AddRange(Enumerable.Repeat((byte)('a' + (i % 26)), (int)prng.Below(lengthMax)));
            file.Add((byte)'\n');
        }

        return [.. prng.Below(2) == 0 ? file : file.Append((byte)'z')];
    }

    private static byte[][] LinesOf(byte[] file)
    {
        List<byte[]> lines = [];
        for (int at = 0; at < file.Length;)
        {
            int found = Array.IndexOf(file, (byte)'\n', at);
            int end = found < 0 ? file.Length : found + 1;
            lines.Add(file[at..end]);
            at = end;
        }

        return [.. lines];
    }
}
