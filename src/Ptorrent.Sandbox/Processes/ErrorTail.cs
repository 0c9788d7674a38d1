using System.Text;

namespace Ptorrent.Sandbox.Processes;

/// <summary>The end of what a process wrote on standard error: read to the end, so that it never blocks, and bounded.
/// </summary>
internal sealed class ErrorTail
{
    private const int KeptBytesMax = 8 * 1024;

    private readonly Lock _gate = new();
    private readonly byte[] _kept = new byte[KeptBytesMax];
    private int _count;

    /// <summary>The text kept, trimmed; any bytes are accepted.</summary>
    internal string Text
    {
        get
        {
            lock (_gate)
            {
                return Frames.FrameDecoder.Shown(Encoding.UTF8.GetString(_kept, 0, _count).Trim());
            }
        }
    }

    /// <summary>Reads until the stream ends.</summary>
    internal async Task ReadAsync(Stream stream, CancellationToken stop)
    {
        byte[] buffer = new byte[KeptBytesMax];
        try
        {
            int got;
            while ((got = await stream.ReadAsync(buffer, stop)) > 0)
            {
                Keep(buffer.AsSpan(0, got));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The process is gone; what was kept is all there is.
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            int old = Math.Min(_count, KeptBytesMax - bytes.Length);
            _kept.AsSpan(_count - old, old).CopyTo(_kept);
            bytes.CopyTo(_kept.AsSpan(old));
            _count = old + bytes.Length;
        }
    }
}
