using Ptorrent.Model;

namespace Ptorrent.Cli.Demo;

/// <summary>A picture that arrives from its first pixel to its last, three bytes each. One writer and readers in any
/// thread: a reader sees at least what was there when it asked.</summary>
internal sealed class Picture
{
    private const int ChannelCount = 3;

    private readonly byte[] _bytes;
    private int _length;

    public Picture(int width, int height)
    {
        Width = width;
        Height = height;
        _bytes = new byte[checked(width * height * ChannelCount)];
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Pixels that have come.</summary>
    public int PixelCount => Volatile.Read(ref _length) / ChannelCount;

    /// <summary>All bytes; those beyond what has come are zero.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads pixels until there are no more.</summary>
    /// <exception cref="EndOfStreamException">There are fewer bytes than the picture has.</exception>
    /// <exception cref="InvariantException">There are more.</exception>
    public async Task FillAsync(Stream product, CancellationToken stop)
    {
        while (_length < _bytes.Length)
        {
            int got = await product.ReadAsync(_bytes.AsMemory(_length), stop);
            if (got == 0)
            {
                throw new EndOfStreamException("The picture ended early.");
            }

            Volatile.Write(ref _length, _length + got);
        }

        byte[] beyond = new byte[1];
        Invariant.Holds(await product.ReadAsync(beyond, stop) == 0);
    }

    /// <summary>The mean colour of a rectangle's pixels that have come; null where none has.</summary>
    public (byte Red, byte Green, byte Blue)? MeanOf(int left, int top, int right, int bottom)
    {
        int known = PixelCount;
        long red = 0;
        long green = 0;
        long blue = 0;
        int count = 0;
        for (int y = top; y < bottom; y++)
        {
            for (int x = left; x < right; x++)
            {
                int pixel = (y * Width) + x;
                if (pixel < known)
                {
                    red += _bytes[pixel * ChannelCount];
                    green += _bytes[(pixel * ChannelCount) + 1];
                    blue += _bytes[(pixel * ChannelCount) + 2];
                    count++;
                }
            }
        }

        return count == 0 ? null : ((byte)(red / count), (byte)(green / count), (byte)(blue / count));
    }
}
