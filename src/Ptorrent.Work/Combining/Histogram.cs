using System.Buffers;
using System.Text;
using Ptorrent.Model.Segments;

namespace Ptorrent.Work.Combining;

/// <summary>
/// Keys and how often each came. A line is a key, or a key, a tab and a number that counts for so many; the segment has
/// one line a key, in the order of the keys' bytes.
/// </summary>
internal sealed class Histogram : IFold
{
    private static readonly ExactDecimal One = ExactDecimal.Parse("1"u8);

    private readonly Dictionary<byte[], ExactDecimal> _counts = new(ByteKeyComparer.Instance);
    private readonly Dictionary<byte[], ExactDecimal>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private long _bytes;

    public Histogram() => _lookup = _counts.GetAlternateLookup<ReadOnlySpan<byte>>();

    public void Append(ReadOnlySpan<byte> text)
    {
        while (Lines.TryTake(ref text, out ReadOnlySpan<byte> line))
        {
            int tab = line.LastIndexOf((byte)'\t');
            Add(tab < 0 ? line : line[..tab], tab < 0 ? One : ExactDecimal.Parse(line[(tab + 1)..]));
        }
    }

    public byte[] ToSegment()
    {
        List<KeyValuePair<byte[], ExactDecimal>> counts = [.. _counts];
        counts.Sort(static (left, right) => left.Key.AsSpan().SequenceCompareTo(right.Key));
        ArrayBufferWriter<byte> segment = new();
        foreach ((byte[] key, ExactDecimal count) in counts)
        {
            segment.Write(key);
            segment.Write(Encoding.ASCII.GetBytes($"\t{count}\n"));
        }

        return segment.WrittenSpan.ToArray();
    }

    private void Add(ReadOnlySpan<byte> key, ExactDecimal count)
    {
        if (key.IsEmpty)
        {
            throw new SegmentException("A line has a count and no key before it.");
        }

        if (_lookup.TryGetValue(key, out ExactDecimal before))
        {
            _lookup[key] = before + count;
            return;
        }

        // The key, a tab, one digit and a line feed.
        _bytes += key.Length + 3;
        Lines.CheckBytes(_bytes);
        _lookup[key] = count;
    }
}
