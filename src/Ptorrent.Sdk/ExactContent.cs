using System.Buffers;
using System.Net;

namespace Ptorrent.Sdk;

/// <summary>A request body of a length that is known before: exactly that many bytes of a stream.</summary>
internal sealed class ExactContent(Stream content, long sizeBytes) : HttpContent
{
    private const int CopyBytes = 128 * 1024;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            long left = sizeBytes;
            while (left > 0)
            {
                int wanted = (int)Math.Min(left, buffer.Length);
                int got = await content.ReadAsync(buffer.AsMemory(0, wanted), cancellationToken);
                if (got == 0)
                {
                    throw new EndOfStreamException("The content is shorter than it was said to be.");
                }

                await stream.WriteAsync(buffer.AsMemory(0, got), cancellationToken);
                left -= got;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = sizeBytes;
        return true;
    }
}
