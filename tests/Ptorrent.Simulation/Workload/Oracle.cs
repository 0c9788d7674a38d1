using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;

namespace Ptorrent.Simulation.Workload;

/// <summary>
/// Knows what must come out: combines the outputs of single indices in the plainest way, from docs/protocol/segments.md
/// and none of the product's own code.
/// </summary>
internal static class Oracle
{
    /// <summary>The segment of a range of a job: its product where the range is all of it.</summary>
    public static byte[] SegmentOf(JobScript script, IndexRange range)
    {
        CombineKind combine = script.Request.Combine;
        if (combine is CombineKind.Sum or CombineKind.Min or CombineKind.Max)
        {
            return NumbersOf(script, range);
        }

        if (combine == CombineKind.Merge)
        {
            return MergedOf(script, range);
        }

        using MemoryStream segment = new();
        for (long index = range.Begin; index < range.End; index++)
        {
            byte[] output = script.OutputOf(index);
            if (combine == CombineKind.Files)
            {
                WriteEntry(segment, NameOf(script, index), output);
                continue;
            }

            segment.Write(output);
            if (combine == CombineKind.Lines && output.Length > 0)
            {
                segment.WriteByte((byte)'\n');
            }
        }

        return segment.ToArray();
    }

    private static string NameOf(JobScript script, long index) => script.Request.Files.IsDefaultOrEmpty
        ? index.ToString(CultureInfo.InvariantCulture)
        : script.Request.Files[(int)index].Name;

    private static byte[] NumbersOf(JobScript script, IndexRange range)
    {
        long[]? columns = null;
        for (long index = range.Begin; index < range.End; index++)
        {
            string[] words = Encoding.ASCII.GetString(script.OutputOf(index)).Split(' ');
            columns ??= [.. words.Select(w => long.Parse(w, CultureInfo.InvariantCulture))];
            for (int i = 0; index > range.Begin && i < words.Length; i++)
            {
                long number = long.Parse(words[i], CultureInfo.InvariantCulture);
                columns[i] = script.Request.Combine switch
                {
                    CombineKind.Sum => columns[i] + number,
                    CombineKind.Min => Math.Min(columns[i], number),
                    _ => Math.Max(columns[i], number),
                };
            }
        }

        return Encoding.ASCII.GetBytes(string.Join(' ', columns ?? []));
    }

    private static byte[] MergedOf(JobScript script, IndexRange range)
    {
        byte[] piece = new byte[24];
        long sum = 0;
        for (long index = range.Begin; index < range.End; index++)
        {
            sum += BinaryPrimitives.ReadInt64LittleEndian(script.OutputOf(index).AsSpan(16));
        }

        BinaryPrimitives.WriteInt64LittleEndian(piece, range.Begin);
        BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(8), range.End);
        BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(16), sum);
        return piece;
    }

    private static void WriteEntry(MemoryStream segment, string name, byte[] content)
    {
        Span<byte> number = stackalloc byte[8];
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        BinaryPrimitives.WriteUInt32LittleEndian(number, (uint)utf8.Length);
        segment.Write(number[..4]);
        segment.Write(utf8);
        BinaryPrimitives.WriteInt64LittleEndian(number, content.Length);
        segment.Write(number);
        segment.Write(content);
    }
}
