using System.Buffers;

namespace Ptorrent.Agent.Blobs;

/// <summary>A blob's bytes, verified. What is disposed of serves other blobs afterwards, so nobody may look at it any
/// more; whoever cannot know that leaves it to the garbage collector.</summary>
internal sealed class BlobBytes(byte[] bytes, int length, bool isRented) : IDisposable
{
    private byte[]? _rented = isRented ? bytes : null;

    /// <summary>For who fills it.</summary>
    public Memory<byte> Memory => bytes.AsMemory(0, length);

    /// <summary>For all others, who change nothing.</summary>
    public ReadOnlyMemory<byte> Content => Memory;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
