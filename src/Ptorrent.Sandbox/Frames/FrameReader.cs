using System.Buffers.Binary;

namespace Ptorrent.Sandbox.Frames;

/// <summary>
/// Takes frames from an executor's standard output. A body grows only as its bytes arrive, so that a length alone
/// allocates nothing worth naming. One reader at a time.
/// </summary>
internal sealed class FrameReader(Stream stream)
{
    private const int WindowBytes = 64 * 1024;
    private const int FirstBodyBytes = 1 << 20;

    private readonly byte[] _window = new byte[WindowBytes];
    private int _at;
    private int _end;

    /// <summary>The next frame.</summary>
    /// <param name="bodyBytesMax">Called with the type, when the header is there: the longest body that is allowed now.
    /// </param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The type and the body, which is the caller's; null at the end of the stream.</returns>
    /// <exception cref="FrameException">The body is too long, or the stream ends inside a frame.</exception>
    internal async ValueTask<(byte Type, byte[] Body)?> ReadAsync(Func<byte, long> bodyBytesMax, CancellationToken stop)
    {
        while (_end - _at < FrameLimits.HeaderBytes)
        {
            if (!await FillAsync(stop))
            {
                return _end == _at ? null : throw new FrameException("it ended inside a frame");
            }
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_window.AsSpan(_at));
        byte type = _window[_at + 4];
        _at += FrameLimits.HeaderBytes;
        long allowed = bodyBytesMax(type);
        if (length > allowed)
        {
            throw new FrameException($"it sent a frame of {length} bytes where {allowed} are allowed");
        }

        return (type, await ReadBodyAsync((int)length, stop));
    }

    private async ValueTask<byte[]> ReadBodyAsync(int length, CancellationToken stop)
    {
        byte[] body = GC.AllocateUninitializedArray<byte>(Math.Min(length, FirstBodyBytes));
        int count = Math.Min(length, _end - _at);
        _window.AsSpan(_at, count).CopyTo(body);
        _at += count;
        while (count < length)
        {
            if (count == body.Length)
            {
                Array.Resize(ref body, (int)Math.Min(length, 4L * body.Length));
            }

            int got = await stream.ReadAsync(body.AsMemory(count), stop);
            count += got > 0 ? got : throw new FrameException("it ended inside a frame");
        }

        return body;
    }

    private async ValueTask<bool> FillAsync(CancellationToken stop)
    {
        if (_at > 0)
        {
            _window.AsSpan(_at, _end - _at).CopyTo(_window);
            _end -= _at;
            _at = 0;
        }

        int got = await stream.ReadAsync(_window.AsMemory(_end), stop);
        _end += got;
        return got > 0;
    }
}
