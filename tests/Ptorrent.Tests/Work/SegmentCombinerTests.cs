using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using Ptorrent.Work.Assembling;
using Ptorrent.Work.Combining;
using Xunit;

namespace Ptorrent.Tests.Work;

public sealed class SegmentCombinerTests
{
    [Theory]
    [InlineData(CombineKind.Concat, "a|b\n|", "ab\n")]
    [InlineData(CombineKind.Lines, "a|b\n||c\nd", "a\nb\nc\nd\n")]
    [InlineData(CombineKind.Sum, "1 2|3 4\n| \t10\r\n-7", "14 -1")]
    [InlineData(CombineKind.Sum, "0.1|0.2", "0.3")]
    [InlineData(CombineKind.Sum, "1e3|2.5E-1|+007", "1007.25")]
    [InlineData(CombineKind.Sum, "-0|0.000", "0")]
    [InlineData(CombineKind.Sum, "9007199254740993|1", "9007199254740994")]
    [InlineData(CombineKind.Sum, "||", "")]
    [InlineData(CombineKind.Min, "3|1.50|2", "1.5")]
    [InlineData(CombineKind.Max, "3 -1|1.5 -0.5", "3 -0.5")]
    public void AppendSegment_Kinds_CombineAsTheyShould(CombineKind kind, string outputs, string expected)
    {
        SegmentCombiner combiner = new(kind);
        foreach (string output in outputs.Split('|'))
        {
            combiner.AppendSegment(Encoding.UTF8.GetBytes(output));
        }

        Assert.Equal(expected, Encoding.UTF8.GetString(combiner.ToSegment().Span));
    }

    [Theory]
    [InlineData("1|1 2", "same count")]
    [InlineData("twelve", "'twelve' is no decimal number")]
    [InlineData("1.2.3", "no decimal number")]
    [InlineData("NaN", "no decimal number")]
    [InlineData("1e99999", "no decimal number")]
    [InlineData("1e9999", "more than 1000 digits")]
    [InlineData(".", "no decimal number")]
    [InlineData("0x10", "no decimal number")]
    public void AppendSegment_NotNumbers_SaysWhat(string outputs, string message)
    {
        SegmentCombiner combiner = new(CombineKind.Sum);
        SegmentException thrown = Assert.Throws<SegmentException>(() =>
        {
            foreach (string output in outputs.Split('|'))
            {
                combiner.AppendSegment(Encoding.UTF8.GetBytes(output));
            }
        });
        Assert.Contains(message, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AppendSegment_SumOfLongestNumbers_IsReadAgain()
    {
        string nines = new string('9', 1_000) + "." + new string('9', 1_000);
        SegmentCombiner combiner = new(CombineKind.Sum);
        combiner.AppendSegment(Encoding.UTF8.GetBytes(nines));
        combiner.AppendSegment(Encoding.UTF8.GetBytes(nines));
        SegmentCombiner.Check(CombineKind.Sum, combiner.ToSegment().Span);
    }

    // Goal: a range's segment is the same bytes however it is cut and in whatever order the parts come back, which is
    // assemble(fragments of a range, in any order) = run whole.
    // Method: draw outputs for each index, cut at random into runs and runs into leases, assemble in random order.
    [Theory]
    [InlineData(CombineKind.Concat)]
    [InlineData(CombineKind.Lines)]
    [InlineData(CombineKind.Files)]
    [InlineData(CombineKind.Sum)]
    [InlineData(CombineKind.Min)]
    [InlineData(CombineKind.Max)]
    public void Assemble_AnyCutAndOrder_EqualsWhole(CombineKind kind)
    {
        Prng prng = new(42);
        for (int round = 0; round < 300; round++)
        {
            IndexRange whole = new(prng.Below(5), 5 + prng.Below(40));
            ImmutableArray<RunOutput> outputs =
                [.. Enumerable.Range(0, (int)whole.Count).Select(i => Draw(prng, kind, i))];
            SegmentCombiner once = new(kind);
            once.AppendRun(whole, RunMode.Item, outputs, []);

            ReadOnlyMemory<byte> assembled = AssembleShuffled(prng, kind, whole, outputs);
            Assert.Equal(once.ToSegment().ToArray(), assembled.ToArray());
        }
    }

    [Fact]
    public void AppendRun_Files_NamesStandardOutputAfterTheItem()
    {
        SegmentCombiner combiner = new(CombineKind.Files);
        RunOutput both = new("out"u8.ToArray(), [new OutputFile("b/c.txt", "file"u8.ToArray())]);
        RunOutput onlyFile = new(default, [new OutputFile("d", "x"u8.ToArray())]);
        RunOutput nothing = new(default, []);
        combiner.AppendRun(new(5, 8), RunMode.Item, [both, onlyFile, nothing], []);

        Assert.Equal(["5=out", "b/c.txt=file", "d=x", "7="], Entries(combiner.ToSegment()));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a\\b")]
    [InlineData("c:x")]
    [InlineData("a\u0000b")]
    public void AppendRun_UnsafePath_IsRefused(string path)
    {
        SegmentCombiner combiner = new(CombineKind.Files);
        RunOutput output = new(default, [new OutputFile(path, default)]);
        Assert.Throws<SegmentException>(() => combiner.AppendRun(new(0, 1), RunMode.Item, [output], []));
    }

    // Goal: bytes from a stranger are a segment or a SegmentException, whatever they are.
    // Method: change a good segment at random.
    [Fact]
    public void Check_ChangedBytes_OnlySegmentExceptionEscapes()
    {
        Prng prng = new(7);
        SegmentCombiner combiner = new(CombineKind.Files);
        ImmutableArray<RunOutput> two = [Draw(prng, CombineKind.Files, 0), Draw(prng, CombineKind.Files, 1)];
        combiner.AppendRun(new(0, 2), RunMode.Item, two, []);
        byte[] good = combiner.ToSegment().ToArray();
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

    private static ReadOnlyMemory<byte> AssembleShuffled(
        Prng prng,
        CombineKind kind,
        IndexRange whole,
        ImmutableArray<RunOutput> outputs)
    {
        List<(IndexRange Range, ReadOnlyMemory<byte> Segment)> pieces = [];
        for (long begin = whole.Begin; begin < whole.End;)
        {
            long end = Math.Min(whole.End, begin + 1 + prng.Below(7));
            SegmentCombiner piece = new(kind);
            piece.AppendRun(
                new(begin, end),
                RunMode.Item,
                outputs[(int)(begin - whole.Begin)..(int)(end - whole.Begin)],
                []);
            pieces.Add((new(begin, end), piece.ToSegment()));
            begin = end;
        }

        for (int i = pieces.Count - 1; i > 0; i--)
        {
            int other = (int)prng.Below(i + 1);
            (pieces[i], pieces[other]) = (pieces[other], pieces[i]);
        }

        // Two levels, as on a device and then at the harbor: groups of neighbours are combined first.
        Assembler<ReadOnlyMemory<byte>> assembler = new(whole);
        SegmentCombiner outer = new(kind);
        SegmentCombiner inner = new(kind);
        foreach ((IndexRange range, ReadOnlyMemory<byte> segment) in pieces)
        {
            assembler.Add(range, segment);
            while (assembler.TryTake(out _, out ReadOnlyMemory<byte> next))
            {
                inner.AppendSegment(next.Span);
                if (prng.Below(3) == 0)
                {
                    outer.AppendSegment(inner.ToSegment().Span);
                    inner = new(kind);
                }
            }
        }

        Assert.True(assembler.IsComplete);
        outer.AppendSegment(inner.ToSegment().Span);
        return outer.ToSegment();
    }

    private static RunOutput Draw(Prng prng, CombineKind kind, int index)
    {
        if (SegmentCombiner.IsNumeric(kind))
        {
            BigInteger number = new BigInteger(prng.Next()) * prng.Next() - (BigInteger.One << 126);
            string text = prng.Below(8) == 0
                ? string.Empty
                : $"{number.ToString(CultureInfo.InvariantCulture)}e-{prng.Below(60)} {prng.Below(100)}\n";
            return new RunOutput(Encoding.UTF8.GetBytes(text), []);
        }

        byte[] bytes = new byte[prng.Below(20)];
        prng.Fill(bytes);
        ImmutableArray<OutputFile> files = prng.Below(3) == 0
            ? [new OutputFile($"made/{index}", bytes), new OutputFile($"made/{index}.b", bytes)]
            : [];
        return new RunOutput(bytes, files);
    }

    private static IEnumerable<string> Entries(ReadOnlyMemory<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            Assert.True(FileEntryHeader.TryRead(segment.Span, out FileEntryHeader header, out int consumed));
            segment = segment[consumed..];
            yield return $"{header.Path}={Encoding.UTF8.GetString(segment.Span[..(int)header.ContentBytes])}";
            segment = segment[(int)header.ContentBytes..];
        }
    }
}
