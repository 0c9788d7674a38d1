using System.Buffers.Binary;
using System.Text;
using Ptorrent.Model;

namespace Ptorrent.Sandbox.Frames;

/// <summary>
/// Frames on their way to an executor. Small things are copied together, so that many small runs are one write; large
/// contents stay where they are and are written from there. Not for several threads.
/// </summary>
internal sealed class FrameBuffer
{
    private const int CopiedBytesMax = 8 * 1024;
    private const int KeptBytesMax = 1 << 20;
    private const int FirstBytes = 16 * 1024;

    private readonly List<(int At, ReadOnlyMemory<byte> Content)> _large = [];
    private byte[] _bytes = new byte[FirstBytes];
    private int _count;
    private int _header = -1;
    private long _largeBytes;
    private long _largeBytesAtHeader;

    /// <summary>Bytes waiting to be written.</summary>
    internal long Length => _count + _largeBytes;

    /// <summary>Begins a frame; its length is filled in by <see cref="End"/>.</summary>
    internal void Begin(byte type)
    {
        Invariant.Holds(_header < 0);
        _header = _count;
        _largeBytesAtHeader = _largeBytes;
        Span<byte> header = Take(FrameLimits.HeaderBytes);
        header[4] = type;
    }

    /// <summary>Ends the frame.</summary>
    internal void End()
    {
        Invariant.Holds(_header >= 0);
        long body = _count - _header - FrameLimits.HeaderBytes + _largeBytes - _largeBytesAtHeader;
        Invariant.Holds(body <= FrameLimits.BodyToExecutorBytesMax);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(_header), (uint)body);
        _header = -1;
    }

    internal void WriteByte(byte value) => Take(1)[0] = value;

    internal void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    internal void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    /// <summary>Bytes without a length.</summary>
    internal void WriteRaw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>A length and the bytes, which are left alone until <see cref="WriteToAsync"/> has ended.</summary>
    internal void WriteBytes(ReadOnlyMemory<byte> bytes)
    {
        WriteUInt32((uint)bytes.Length);
        if (bytes.Length <= CopiedBytesMax)
        {
            WriteRaw(bytes.Span);
            return;
        }

        _large.Add((_count, bytes));
        _largeBytes += bytes.Length;
    }

    internal void WriteText(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        WriteUInt32((uint)length);
        Encoding.UTF8.GetBytes(text, Take(length));
    }

    /// <summary>Writes all complete frames and forgets them.</summary>
    internal async ValueTask WriteToAsync(Stream stream, CancellationToken stop)
    {
        Invariant.Holds(_header < 0);
        int at = 0;
        foreach ((int end, ReadOnlyMemory<byte> content) in _large)
        {
            await stream.WriteAsync(_bytes.AsMemory(at, end - at), stop);
            await stream.WriteAsync(content, stop);
            at = end;
        }

        if (at < _count)
        {
            await stream.WriteAsync(_bytes.AsMemory(at, _count - at), stop);
        }

        await stream.FlushAsync(stop);
        _large.Clear();
        _largeBytes = 0;
        _count = 0;
        if (_bytes.Length > KeptBytesMax)
        {
            _bytes = new byte[FirstBytes];
        }
    }

    private Span<byte> Take(int count)
    {
        if (_bytes.Length - _count < count)
        {
            int wanted = checked(_count + count);
            Array.Resize(ref _bytes, (int)Math.Clamp(2L * _bytes.Length, wanted, Math.Max(wanted, Array.MaxLength)));
        }

        Span<byte> taken = _bytes.AsSpan(_count, count);
        _count += count;
        return taken;
    }
}
