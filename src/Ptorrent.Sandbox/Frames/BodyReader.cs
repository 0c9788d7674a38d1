using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Ptorrent.Sandbox.Frames;

/// <summary>
/// Reads a frame's body from front to back. The body comes from an executor and may hold anything: each length is
/// checked against what is left before it is used.
/// </summary>
internal ref struct BodyReader(ReadOnlyMemory<byte> body)
{
    private readonly ReadOnlyMemory<byte> _body = body;
    private int _offset;

    /// <summary>Bytes not read yet.</summary>
    internal readonly int Left => _body.Length - _offset;

    internal byte ReadByte() => Take(1).Span[0];

    internal uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4).Span);

    internal ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8).Span);

    /// <summary>A u64 that must fit a long.</summary>
    /// <exception cref="FrameException">It does not.</exception>
    internal long ReadInt63(string what)
    {
        ulong value = ReadUInt64();
        return value <= long.MaxValue ? (long)value : throw new FrameException($"it sent {what} of {value}");
    }

    /// <summary>Length-prefixed bytes, not copied.</summary>
    /// <exception cref="FrameException">The length is more than what is left.</exception>
    internal ReadOnlyMemory<byte> ReadBytes()
    {
        uint length = ReadUInt32();
        return Take(length);
    }

    /// <summary>Length-prefixed UTF-8.</summary>
    /// <exception cref="FrameException">It is longer than <paramref name="bytesMax"/> or no UTF-8.</exception>
    internal string ReadText(int bytesMax)
    {
        ReadOnlySpan<byte> bytes = ReadBytes().Span;
        if (bytes.Length > bytesMax)
        {
            throw new FrameException($"it sent a text of {bytes.Length} bytes where {bytesMax} are allowed");
        }

        return Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw new FrameException("it sent a text that is not UTF-8");
    }

    /// <summary>A list's count, at most <paramref name="max"/> and at most what the bytes left could hold.</summary>
    /// <exception cref="FrameException">It is more.</exception>
    internal int ReadCount(int elementBytesMin, long max)
    {
        uint count = ReadUInt32();
        return count <= max && (long)count * elementBytesMin <= Left
            ? (int)count
            : throw new FrameException($"it sent a list of {count} elements");
    }

    /// <summary>Says that the body ends here.</summary>
    /// <exception cref="FrameException">It does not.</exception>
    internal readonly void End()
    {
        if (Left != 0)
        {
            throw new FrameException($"it sent a frame with {Left} bytes too many");
        }
    }

    private ReadOnlyMemory<byte> Take(uint count)
    {
        if (count > (uint)Left)
        {
            throw new FrameException($"it sent a frame that ends {count - (uint)Left} bytes early");
        }

        ReadOnlyMemory<byte> taken = _body.Slice(_offset, (int)count);
        _offset += (int)count;
        return taken;
    }
}
