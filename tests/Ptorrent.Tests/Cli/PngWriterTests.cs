using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Ptorrent.Cli.Demo;
using Xunit;

namespace Ptorrent.Tests.Cli;

public sealed class PngWriterTests
{
    // Goal: what is written reads back as the same pixels.
    // Method: an own reader of chunks and of the filter "up", and the end chunk's checksum as the standard prints it.
    [Fact]
    public void Write_Picture_ReadsBackTheSame()
    {
        const int Width = 7;
        const int Height = 5;
        byte[] pixels = [.. Enumerable.Range(0, Width * Height * 3).Select(i => (byte)(i * 37 % 256))];
        using MemoryStream output = new();
        PngWriter.Write(output, Width, Height, pixels);
        Dictionary<string, byte[]> chunks = ReadChunks(output.ToArray());
        Assert.Equal([0, 0, 0, 7, 0, 0, 0, 5, 8, 2, 0, 0, 0], chunks["IHDR"]);
        Assert.Equal(pixels, Unfilter(chunks["IDAT"], Width * 3, Height));
        Assert.Equal([0xAE, 0x42, 0x60, 0x82], output.ToArray()[^4..]);
    }

    [Fact]
    public void Write_TooFewPixels_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PngWriter.Write(Stream.Null, 2, 2, new byte[11]));

    private static Dictionary<string, byte[]> ReadChunks(ReadOnlySpan<byte> file)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], file[..8].ToArray());
        Dictionary<string, byte[]> chunks = new(StringComparer.Ordinal);
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file[at..]);
            chunks.Add(Encoding.ASCII.GetString(file.Slice(at + 4, 4)), file.Slice(at + 8, length).ToArray());
            at += length + 12;
        }

        return chunks;
    }

    private static byte[] Unfilter(byte[] compressed, int rowBytes, int height)
    {
        using ZLibStream zlib = new(new MemoryStream(compressed), CompressionMode.Decompress);
        using MemoryStream raw = new();
        zlib.CopyTo(raw);
        byte[] rows = raw.ToArray();
        Assert.Equal((rowBytes + 1) * height, rows.Length);
        byte[] pixels = new byte[rowBytes * height];
        for (int y = 0; y < height; y++)
        {
            Assert.Equal(2, rows[y * (rowBytes + 1)]);
            for (int i = 0; i < rowBytes; i++)
            {
                byte above = y == 0 ? (byte)0 : pixels[((y - 1) * rowBytes) + i];
                pixels[(y * rowBytes) + i] = unchecked((byte)(rows[(y * (rowBytes + 1)) + 1 + i] + above));
            }
        }

        return pixels;
    }
}
