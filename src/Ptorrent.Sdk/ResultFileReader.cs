using System.Buffers.Binary;
using System.Text;

namespace Ptorrent.Sdk;

/// <summary>
/// Takes a product of <see cref="Model.Jobs.CombineKind.Files"/> apart into its files, as they arrive
/// (docs/protocol/segments.md, "files"). Holds nothing but the file at hand. Not for several threads.
/// </summary>
/// <param name="product">The product; stays the caller's.</param>
public sealed class ResultFileReader(Stream product)
{
    private const int NameBytesMax = 1024;
    private const int SkipBytes = 64 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private int _fileNumber;
    private long _left;

    /// <summary>The next file, or null after the last. What was not read of the one before is passed over.</summary>
    /// <exception cref="BadResultsException">The product is not a sequence of files, or a name is not a plain relative
    /// path.</exception>
    public async Task<ResultFile?> ReadNextAsync(CancellationToken cancellationToken = default)
    {
        await SkipContentAsync(cancellationToken);

        byte[] head = new byte[NameBytesMax];
        int got = await product.ReadAtLeastAsync(head.AsMemory(0, 4), 4, throwOnEndOfStream: false, cancellationToken);
        if (got == 0)
        {
            return null;
        }

        if (got < 4)
        {
            throw new BadResultsException("it ends inside a file's name");
        }

        uint nameBytes = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (nameBytes is 0 or > NameBytesMax)
        {
            throw new BadResultsException($"a file's name has {nameBytes} bytes; 1 to {NameBytesMax} are allowed");
        }

        await FillAsync(head.AsMemory(0, (int)nameBytes), cancellationToken);
        string name = ReadName(head.AsSpan(0, (int)nameBytes));
        await FillAsync(head.AsMemory(0, 8), cancellationToken);
        long sizeBytes = BinaryPrimitives.ReadInt64LittleEndian(head);
        if (sizeBytes < 0)
        {
            throw new BadResultsException($"the file '{name}' has a negative length");
        }

        _left = sizeBytes;
        _fileNumber++;
        return new ResultFile(name, sizeBytes, new FileContent(this, _fileNumber));
    }

    private static string ReadName(ReadOnlySpan<byte> bytes)
    {
        string name;
        try
        {
            name = Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new BadResultsException("a file's name is not UTF-8", error);
        }

        // A backslash is refused as well: on Windows it would be another way to write a folder.
        bool plain = !name.AsSpan().ContainsAny('\\', '\0')
            && !name.Split('/').Any(part => part is "" or "." or "..")
            && !Path.IsPathRooted(name);
        return plain ? name : throw new BadResultsException($"the file name '{name}' is not a plain relative path");
    }

    private async Task FillAsync(Memory<byte> destination, CancellationToken stop)
    {
        int got = await product.ReadAtLeastAsync(destination, destination.Length, throwOnEndOfStream: false, stop);
        if (got < destination.Length)
        {
            throw new BadResultsException("it ends inside a file");
        }
    }

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
