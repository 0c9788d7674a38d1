using Microsoft.Win32.SafeHandles;
using Ptorrent.Harbor.State;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Segments;
using Ptorrent.Work.Combining;

namespace Ptorrent.Harbor.Blobs;

/// <summary>Checks segments that were committed by reference.</summary>
internal static class SegmentBlobs
{
    /// <summary>What is combined again is held whole in memory, so such segments are bounded.</summary>
    public const int FoldedBytesMax = 16 << 20;

    /// <summary>Sees whether a blob is here and is a segment of its kind.</summary>
    /// <returns>The content, and how many numbers there are in it where it is numbers.</returns>
    /// <exception cref="SegmentException">It is not here, has another length, or is no such segment.</exception>
    public static async Task<(SegmentContent Content, int ColumnCount)> ReadAsync(
        BlobStore blobs,
        CombineKind combine,
        Digest digest,
        long sizeBytes,
        CancellationToken stop)
    {
        await using FileStream file = blobs.TryOpen(digest) ?? throw new SegmentException("Its blob was not uploaded.");
        if (file.Length != sizeBytes)
        {
            throw new SegmentException($"Its blob has {file.Length} bytes, not {sizeBytes}.");
        }

        SegmentContent content = SegmentContent.Of(digest, sizeBytes);
        if (SegmentCombiner.IsFolded(combine))
        {
            if (sizeBytes > FoldedBytesMax)
            {
                throw new SegmentException($"Combined numbers or lines have at most {FoldedBytesMax} bytes.");
            }

            return (content, SegmentCheck.Check(combine, await blobs.ReadAllAsync(digest, stop)));
        }

        if (combine == CombineKind.Files)
        {
            CheckEntries(file.SafeFileHandle, sizeBytes);
        }
        else if (combine == CombineKind.Lines && sizeBytes > 0)
        {
            CheckLastByte(file.SafeFileHandle, sizeBytes);
        }

        return (content, 0);
    }

    private static void CheckEntries(SafeFileHandle file, long sizeBytes)
    {
        byte[] buffer = new byte[FileEntryHeader.HeaderBytesMax];
        long position = 0;
        while (position < sizeBytes)
        {
            int got = RandomAccess.Read(file, buffer, position);
            if (!FileEntryHeader.TryRead(buffer.AsSpan(0, got), out FileEntryHeader header, out int consumed)
                || header.ContentBytes > sizeBytes - position - consumed)
            {
                throw new SegmentException("A file entry is cut off.");
            }

            position += consumed + header.ContentBytes;
        }
    }

    private static void CheckLastByte(SafeFileHandle file, long sizeBytes)
    {
        byte[] last = new byte[1];
        if (RandomAccess.Read(file, last, sizeBytes - 1) != 1 || last[0] != (byte)'\n')
        {
            throw new SegmentException("The lines do not end with a line feed.");
        }
    }
}
