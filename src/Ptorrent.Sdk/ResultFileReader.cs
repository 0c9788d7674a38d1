using System.Buffers.Binary;
using Ptorrent.Model.Segments;

namespace Ptorrent.Sdk;

/// <summary>
/// Takes a product of <see cref="Model.Jobs.CombineKind.Files"/> apart into its files, as they arrive
/// (docs/protocol/segments.md, "files"). Holds nothing but a file's name. Not for several threads.
/// </summary>
/// <param name="product">The product; stays the caller's.</param>
public sealed class ResultFileReader(Stream product)
{
    private const int SkipBytes = 64 * 1024;

    private int _fileNumber;
    private long _left;

    /// <summary>The next file, or null after the last. What was not read of the one before is passed over.</summary>
    /// <exception cref="BadResultsException">The product is not a sequence of files, or a name is not a plain relative
    /// path.</exception>
    public async Task<ResultFile?> ReadNextAsync(CancellationToken cancellationToken = default)
    {
        await SkipContentAsync(cancellationToken);
        byte[] head = new byte[FileEntryHeader.HeaderBytesMax];
        int got = await FillAsync(head.AsMemory(0, sizeof(uint)), cancellationToken);
        if (got == 0)
        {
            return null;
        }

        try
        {
            if (got == sizeof(uint) && !FileEntryHeader.TryRead(head.AsSpan(0, got), out FileEntryHeader header, out _))
            {
                // The length of the name has been checked by now, and so has the room for it.
                int rest = sizeof(ulong) + (int)BinaryPrimitives.ReadUInt32LittleEndian(head);
                got += await FillAsync(head.AsMemory(got, rest), cancellationToken);
                if (FileEntryHeader.TryRead(head.AsSpan(0, got), out header, out _))
                {
                    _left = header.ContentBytes;
                    _fileNumber++;
                    return new ResultFile(header.Path, header.ContentBytes, new FileContent(this, _fileNumber));
                }
            }
        }
        catch (SegmentException error)
        {
            throw new BadResultsException(error.Message.TrimEnd('.'), error);
        }

        throw new BadResultsException("it ends inside a file's name");
    }

    private async ValueTask<int> FillAsync(Memory<byte> destination, CancellationToken stop) =>
        await product.ReadAtLeastAsync(destination, destination.Length, throwOnEndOfStream: false, stop);

    private async ValueTask<int> ReadContentAsync(int fileNumber, Memory<byte> buffer, CancellationToken stop)
    {
        if (fileNumber != _fileNumber)
        {
            throw new InvalidOperationException("A file's content is read before the next file is asked for.");
        }

        if (_left == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        int got = await product.ReadAsync(buffer[..(int)Math.Min(_left, buffer.Length)], stop);
        if (got == 0)
        {
            throw new BadResultsException("it ends inside a file");
        }

        _left -= got;
        return got;
    }

    private async Task SkipContentAsync(CancellationToken stop)
    {
        byte[] skipped = new byte[Math.Min(SkipBytes, _left)];
        int got;
        do
        {
            got = await ReadContentAsync(_fileNumber, skipped, stop);
        }
        while (got > 0);
    }

    private sealed class FileContent(ResultFileReader reader, int fileNumber) : ForwardOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            reader.ReadContentAsync(fileNumber, buffer, cancellationToken);
    }
}
