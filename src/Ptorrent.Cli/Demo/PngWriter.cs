using System.Buffers.Binary;
using System.IO.Compression;

namespace Ptorrent.Cli.Demo;

/// <summary>
/// Writes a picture as PNG: 8 bits a channel, red, green and blue, every row with the filter "up", which suits smooth
/// pictures well enough. Source: W3C, "Portable Network Graphics (PNG) Specification", third edition.
/// </summary>
internal static class PngWriter
{
    private const int ChannelCount = 3;
    private const byte FilterUp = 2;
    private const int BitDepth = 8;
    private const int ColourRgb = 2;

    private static readonly uint[] CrcTable = MakeCrcTable();

    /// <summary>Writes the picture.</summary>
    /// <param name="output">Takes the file; stays open.</param>
    /// <param name="width">Pixels in a row; above zero.</param>
    /// <param name="height">Rows; above zero.</param>
    /// <param name="pixels">Three bytes a pixel, row by row from the top.</param>
    public static void Write(Stream output, int width, int height, ReadOnlySpan<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNotEqual(pixels.Length, checked(width * height * ChannelCount));

        output.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = BitDepth;
        header[9] = ColourRgb;
        header[10..].Clear();
        WriteChunk(output, "IHDR"u8, header);
        WriteChunk(output, "IDAT"u8, Compress(width * ChannelCount, height, pixels));
        WriteChunk(output, "IEND"u8, []);
    }

    private static byte[] Compress(int rowBytes, int height, ReadOnlySpan<byte> pixels)
    {
        using MemoryStream compressed = new();
        using (ZLibStream zlib = new(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            byte[] filtered = new byte[rowBytes + 1];
            filtered[0] = FilterUp;
            for (int y = 0; y < height; y++)
            {
                ReadOnlySpan<byte> row = pixels.Slice(y * rowBytes, rowBytes);
                for (int i = 0; i < rowBytes; i++)
                {
                    byte above = y == 0 ? (byte)0 : pixels[((y - 1) * rowBytes) + i];
                    filtered[i + 1] = unchecked((byte)(row[i] - above));
                }

                zlib.Write(filtered);
            }
        }

        return compressed.ToArray();
    }

    private static void WriteChunk(Stream output, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        output.Write(number);
        output.Write(type);
        output.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(Crc(uint.MaxValue, type), content) ^ uint.MaxValue);
        output.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            crc = CrcTable[(crc ^ b) & 0xFF] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint[] MakeCrcTable()
    {
        const uint Polynomial = 0xEDB88320;
        uint[] table = new uint[256];
        for (uint n = 0; n < table.Length; n++)
        {
            uint c = n;
            for (int bit = 0; bit < 8; bit++)
            {
                c = (c & 1) == 1 ? Polynomial ^ (c >> 1) : c >> 1;
            }

            table[n] = c;
        }

        return table;
    }
}
