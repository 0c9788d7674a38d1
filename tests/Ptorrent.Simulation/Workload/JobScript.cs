using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Serialization;
using Ptorrent.Model.Units;

namespace Ptorrent.Simulation.Workload;

/// <summary>A job whose program is a rule instead of a module: what an index costs and puts out is a function of the
/// index alone.</summary>
/// <param name="Request">The job.</param>
/// <param name="FuelPerIndex">What an index burns at least.</param>
/// <param name="CostSpread">How far costs differ: an index burns up to this many times the least.</param>
/// <param name="OutputBytes">Bytes that an index puts out where its output is text of any length.</param>
/// <param name="FailingIndex">The index whose run fails, or null.</param>
internal sealed record JobScript(
    JobRequest Request,
    long FuelPerIndex,
    int CostSpread,
    int OutputBytes,
    long? FailingIndex)
{
    /// <summary>Its place among the jobs, from 1.</summary>
    public int Number { get; init; }

    /// <summary>The request as it is stored.</summary>
    public ReadOnlyMemory<byte> Json { get; } =
        JsonSerializer.SerializeToUtf8Bytes(Request, ModelJson.Default.JobRequest);

    /// <summary>When it is submitted.</summary>
    public TimeSpan SubmitAt { get; init; }

    /// <summary>When it is cancelled, or null.</summary>
    public TimeSpan? CancelAt { get; init; }

    /// <summary>What all of it puts out at most.</summary>
    public long OutputBytesMax => Request.Range.Count * (OutputBytes + 64L);

    /// <summary>What all of it burns.</summary>
    public double FuelInAll => FuelOf(Request.Range);

    /// <summary>What a range burns.</summary>
    public double FuelOf(IndexRange range)
    {
        double fuel = 0;
        for (long index = range.Begin; index < range.End; index++)
        {
            fuel += FuelOf(index);
        }

        return fuel;
    }

    /// <summary>What the program puts out for one index.</summary>
    public byte[] OutputOf(long index)
    {
        ulong drawn = Draw(index, salt: 1);
        switch (Request.Combine)
        {
            case CombineKind.Sum or CombineKind.Min or CombineKind.Max:
                return Text(string.Create(CultureInfo.InvariantCulture, $"{NumberOf(index)} {drawn % 7}"));
            case CombineKind.Lines:
                return Text(string.Create(CultureInfo.InvariantCulture, $"{index}:{drawn:x}"));
            case CombineKind.Merge:
                return MergePiece(index, index + 1, NumberOf(index));
            default:
                byte[] bytes = new byte[OutputBytes == 0 ? 0 : 1 + (int)(drawn % (ulong)OutputBytes)];
                for (int i = 0; i < bytes.Length; i++)
                {
                    bytes[i] = (byte)((drawn >> (i % 8 * 8)) & 0xFF);
                }

                return bytes;
        }
    }

    /// <summary>What the outputs of a range become, however many calls they are.</summary>
    public byte[] SegmentOf(IndexRange range)
    {
        switch (Request.Combine)
        {
            case CombineKind.Files:
                return [.. Indices(range).SelectMany(EntryOf)];
            case CombineKind.Sum or CombineKind.Min or CombineKind.Max:
                return Text(Numbers(range));
            case CombineKind.Merge:
                return MergePiece(range.Begin, range.End, Indices(range).Sum(NumberOf));
            default:
                using (MemoryStream bytes = new())
                {
                    foreach (long index in Indices(range))
                    {
                        bytes.Write(OutputOf(index));
                        if (Request.Combine == CombineKind.Lines)
                        {
                            bytes.WriteByte((byte)'\n');
                        }
                    }

                    return bytes.ToArray();
                }
        }
    }

    /// <summary>What the program's merge makes of neighbouring pieces. One that is no neighbour shows in the
    /// result.</summary>
    public static byte[] Merge(ImmutableArray<ReadOnlyMemory<byte>> parts)
    {
        (long begin, long end, long sum) = ReadPiece(parts[0].Span);
        foreach (ReadOnlyMemory<byte> part in parts.AsSpan()[1..])
        {
            (long nextBegin, long nextEnd, long nextSum) = ReadPiece(part.Span);
            // What an agent made up may hold any number.
            sum = unchecked(sum + (nextBegin == end ? nextSum : long.MinValue / 2));
            end = nextEnd;
        }

        return MergePiece(begin, end, sum);
    }

    private static byte[] MergePiece(long begin, long end, long sum)
    {
        byte[] piece = new byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(piece, begin);
        BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(8), end);
        BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(16), sum);
        return piece;
    }

    private static (long Begin, long End, long Sum) ReadPiece(ReadOnlySpan<byte> piece) =>
        piece.Length < 24
            ? (-1, -1, 0)
            : (BinaryPrimitives.ReadInt64LittleEndian(piece),
                BinaryPrimitives.ReadInt64LittleEndian(piece[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(piece[16..]));

    private static IEnumerable<long> Indices(IndexRange range)
    {
        for (long index = range.Begin; index < range.End; index++)
        {
            yield return index;
        }
    }

    private byte[] EntryOf(long index)
    {
        byte[] content = OutputOf(index);
        string name = Request.Files.IsEmpty
            ? index.ToString(CultureInfo.InvariantCulture)
            : Request.Files[(int)index].Name;
        byte[] header = new byte[FileEntryHeader.HeaderBytesMax];
        return [.. header[..new FileEntryHeader(name, content.Length).Write(header)], .. content];
    }

    private static byte[] Text(string text) => Encoding.ASCII.GetBytes(text);

    private string Numbers(IndexRange range)
    {
        IEnumerable<long> left = Indices(range).Select(NumberOf);
        IEnumerable<long> right = Indices(range).Select(i => (long)(Draw(i, salt: 1) % 7));
        return Request.Combine switch
        {
            CombineKind.Sum => $"{left.Sum()} {right.Sum()}",
            CombineKind.Min => $"{left.Min()} {right.Min()}",
            _ => $"{left.Max()} {right.Max()}",
        };
    }

    private long NumberOf(long index) => (long)(Draw(index, salt: 2) % 2_000_001) - 1_000_000;

    private long FuelOf(long index) =>
        CostSpread == 1 ? FuelPerIndex : FuelPerIndex * (1 + (long)(Draw(index, salt: 3) % (ulong)CostSpread));

    private ulong Draw(long index, ulong salt)
    {
        unchecked
        {
            ulong z = ((ulong)index * 0x9E3779B97F4A7C15) ^ (Request.Id.Value + salt);
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
