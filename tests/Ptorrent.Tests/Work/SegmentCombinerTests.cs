using System.Globalization;
using System.Numerics;
using System.Text;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using Ptorrent.Work.Assembling;
using Ptorrent.Work.Combining;
using Xunit;

namespace Ptorrent.Tests.Work;

public sealed class SegmentCombinerTests
{
    public static TheoryData<SegmentVector> Vectors => [.. SegmentVector.ReadAll()];

    // Goal: the executor and this side combine to the same bytes, and refuse in the same words.
    [Theory]
    [MemberData(nameof(Vectors))]
    public void AppendSegment_Vector_GivesItsSegmentOrItsRefusal(SegmentVector vector)
    {
        SegmentCombiner combiner = new(vector.Combine, vector.TopCount);
        SegmentException? refused = null;
        try
        {
            vector.Outputs.ForEach(output => combiner.AppendSegment(Encoding.UTF8.GetBytes(output)));
        }
        catch (SegmentException exception)
        {
            refused = exception;
        }

        Assert.Equal(vector.Refused, refused?.Message);
        if (vector.Segment is { } segment)
        {
            Assert.Equal(segment, Encoding.UTF8.GetString(combiner.ToSegment().Span));
            SegmentCombiner.Check(vector.Combine, combiner.ToSegment().Span);
        }
    }

    [Theory]
    [InlineData(CombineKind.Concat, "a|b\n|", "ab\n")]
    [InlineData(CombineKind.Lines, "a|b\n||c\nd", "a\nb\nc\nd\n")]
    public void AppendSegment_Streams_AreOneAfterAnother(CombineKind kind, string outputs, string expected)
    {
        SegmentCombiner combiner = new(kind);
        foreach (string output in outputs.Split('|'))
        {
            combiner.AppendSegment(Encoding.UTF8.GetBytes(output));
        }

        Assert.Equal(expected, Encoding.UTF8.GetString(combiner.ToSegment().Span));
    }

    [Theory]
    [InlineData(CombineKind.Lines, "a")]
    [InlineData(CombineKind.Sum, "01")]
    [InlineData(CombineKind.Sum, "1  2")]
    [InlineData(CombineKind.Top, "1\n2\n")]
    [InlineData(CombineKind.Top, "1")]
    [InlineData(CombineKind.Histogram, "a\n")]
    [InlineData(CombineKind.Histogram, "b\t1\na\t1\n")]
    [InlineData(CombineKind.Files, "a")]
    public void Check_BytesThatNobodyCombined_AreRefused(CombineKind kind, string bytes) =>
        Assert.Throws<SegmentException>(() => SegmentCombiner.Check(kind, Encoding.UTF8.GetBytes(bytes)));

    [Fact]
    public void ToSegment_MoreLinesThanAreKept_AreTheLargest()
    {
        Prng prng = new(3);
        SegmentCombiner top = new(CombineKind.Top, 5);
        List<long> drawn = [];
        for (int i = 0; i < 10_000; i++)
        {
            drawn.Add(prng.Below(1_000_000));
            top.AppendSegment(Encoding.UTF8.GetBytes($"{drawn[^1]}"));
        }

        string expected = string.Concat(drawn.OrderDescending().Take(5).Select(n => $"{n}\n"));
        Assert.Equal(expected, Encoding.UTF8.GetString(top.ToSegment().Span));
    }

    // Goal: a range's segment is the same bytes however it is cut, and where outputs are folded, whatever their order.
    // Method: draw outputs for each index, cut at random into runs and runs into leases, assemble in random order.
    [Theory]
    [InlineData(CombineKind.Concat)]
    [InlineData(CombineKind.Lines)]
    [InlineData(CombineKind.Files)]
    [InlineData(CombineKind.Sum)]
    [InlineData(CombineKind.Min)]
    [InlineData(CombineKind.Max)]
    [InlineData(CombineKind.Top)]
    [InlineData(CombineKind.Histogram)]
    public void Combine_AnyGroupingAndOrder_EqualsWhole(CombineKind kind)
    {
        Prng prng = new(42);
        for (int round = 0; round < 300; round++)
        {
            List<byte[]> outputs = [.. Enumerable.Range(0, 5 + (int)prng.Below(40)).Select(i => Draw(prng, kind, i))];
            byte[] whole = Combined(kind, outputs);

            List<byte[]> parts = Cut(prng, kind, outputs);
            if (SegmentCombiner.IsFolded(kind))
            {
                Shuffle(prng, parts);
            }

            Assert.Equal(whole, Combined(kind, Cut(prng, kind, parts)));
        }
    }

    // Goal: bytes from a stranger are a segment or a SegmentException, whatever they are.
    // Method: change a good segment at random.
    [Fact]
    public void Check_ChangedBytes_OnlySegmentExceptionEscapes()
    {
        Prng prng = new(7);
        byte[] good = [.. Draw(prng, CombineKind.Files, 0), .. Draw(prng, CombineKind.Files, 1)];
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = good[..(int)prng.Below(good.Length + 1)];
            for (int flips = (int)prng.Below(4); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[prng.Below(bytes.Length)] = (byte)(prng.Next() & 0xFF);
            }

            try
            {
                SegmentCombiner.Check(CombineKind.Files, bytes);
                SegmentCombiner.Check(CombineKind.Sum, bytes);
                SegmentCombiner.Check(CombineKind.Top, bytes);
                SegmentCombiner.Check(CombineKind.Histogram, bytes);
            }
            catch (SegmentException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 10_000, 20_000);
    }

    [Fact]
    public void Assembler_OverlappingPieces_AreABug()
    {
        Assembler<int> assembler = new(new(0, 10));
        assembler.Add(new(0, 4), 1);
        Assert.Throws<InvariantException>(() => assembler.Add(new(8, 12), 3));
        assembler.Add(new(3, 6), 2);
        Assert.True(assembler.TryTake(out IndexRange first, out _));
        Assert.Equal(new IndexRange(0, 4), first);
        Assert.Throws<InvariantException>(() => assembler.TryTake(out _, out _));
    }

    private static byte[] Combined(CombineKind kind, List<byte[]> segments)
    {
        SegmentCombiner combiner = new(kind, kind == CombineKind.Top ? 7 : 0);
        segments.ForEach(segment => combiner.AppendSegment(segment));
        return combiner.ToSegment().ToArray();
    }

    /// <summary>Groups of neighbours, each combined.</summary>
    private static List<byte[]> Cut(Prng prng, CombineKind kind, List<byte[]> segments)
    {
        List<byte[]> groups = [];
        for (int begin = 0; begin < segments.Count;)
        {
            int count = Math.Min(segments.Count - begin, 1 + (int)prng.Below(7));
            groups.Add(Combined(kind, segments.GetRange(begin, count)));
            begin += count;
        }

        return groups;
    }

    private static void Shuffle(Prng prng, List<byte[]> parts)
    {
        for (int i = parts.Count - 1; i > 0; i--)
        {
            int other = (int)prng.Below(i + 1);
            (parts[i], parts[other]) = (parts[other], parts[i]);
        }
    }

    private static byte[] Draw(Prng prng, CombineKind kind, int index)
    {
        byte[] bytes = new byte[prng.Below(20)];
        prng.Fill(bytes);
        return kind switch
        {
            CombineKind.Files => Entry($"made/{index}", bytes),
            CombineKind.Top => Lines(prng, () => $"{prng.Below(50)}.{prng.Below(3)}\t{"ab"[(int)prng.Below(2)]}"),
            CombineKind.Histogram =>
                Lines(prng, () => $"{"abc"[(int)prng.Below(3)]}{(prng.Below(2) == 0 ? "" : $"\t{prng.Below(9)}e-2")}"),
            CombineKind.Sum or CombineKind.Min or CombineKind.Max => Encoding.UTF8.GetBytes(DrawNumbers(prng)),
            _ => bytes,
        };
    }

    private static string DrawNumbers(Prng prng)
    {
        BigInteger number = new BigInteger(prng.Next()) * prng.Next() - (BigInteger.One << 126);
        return prng.Below(8) == 0
            ? string.Empty
            : $"{number.ToString(CultureInfo.InvariantCulture)}e-{prng.Below(60)} {prng.Below(100)}\n";
    }

    private static byte[] Lines(Prng prng, Func<string> line) =>
        Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, (int)prng.Below(12)).Select(_ => line())));

    private static byte[] Entry(string path, byte[] content)
    {
        byte[] header = new byte[FileEntryHeader.HeaderBytesMax];
        return [.. header[..new FileEntryHeader(path, content.Length).Write(header)], .. content];
    }
}
