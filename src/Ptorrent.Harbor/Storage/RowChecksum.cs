using System.Buffers.Binary;
using System.Numerics;
using Ptorrent.Harbor.State;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.Storage;

/// <summary>
/// What is stored beside a row, so that a bit that the disk changed is found before anybody gets the row: SQLite has no
/// checksums of its own. CRC-32C, which finds every change of a few bits; it is no protection from people.
/// </summary>
internal static class RowChecksum
{
    /// <summary>Of a segment, with its place in its job.</summary>
    public static long Of(JobId job, int round, IndexRange range, SegmentContent content)
    {
        uint crc = BitOperations.Crc32C(uint.MaxValue, job.Value);
        crc = BitOperations.Crc32C(crc, (ulong)round);
        crc = BitOperations.Crc32C(crc, (ulong)range.Begin);
        crc = BitOperations.Crc32C(crc, (ulong)range.End);
        crc = BitOperations.Crc32C(crc, (ulong)content.SizeBytes);
        Span<byte> digest = stackalloc byte[Digest.ByteCount];
        if (content.Blob is not { } blob)
        {
            return Append(crc, content.Inline.Span);
        }

        blob.CopyTo(digest);
        return Append(crc, digest);
    }

    /// <summary>Of a job's request.</summary>
    public static long Of(ReadOnlySpan<byte> bytes) => Append(uint.MaxValue, bytes);

    private static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte single in bytes)
        {
            crc = BitOperations.Crc32C(crc, single);
        }

        return crc;
    }
}
