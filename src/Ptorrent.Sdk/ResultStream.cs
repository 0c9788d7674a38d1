using System.Buffers;

namespace Ptorrent.Sdk;

/// <summary>
/// A job's product as it grows. The harbor breaks the connection off where the product will never be whole; any other
/// break is mended by asking again and passing over what was read already: a product only grows at its end.
/// </summary>
internal sealed class ResultStream(JobHandle job, HarborConnection connection, Stream begin) : ForwardOnlyStream
{
    private const int SkipBytes = 64 * 1024;

    private readonly Reconnection _reconnection = new(connection.Options);
    private Stream? _body = begin;
    private long _position;
    private bool _ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _ended)
        {
            return 0;
        }

        while (true)
        {
            try
            {
                _body ??= await OpenAtPositionAsync(cancellationToken);
                int got = await _body.ReadAsync(buffer, cancellationToken);
                _reconnection.Succeeded();
                _position += got;
                _ended = got == 0;
                return got;
            }
            catch (Exception error) when (Reconnection.IsBreak(error))
            {
                await MendAsync(error, cancellationToken);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _body?.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task MendAsync(Exception error, CancellationToken stop)
    {
        _body?.Dispose();
        _body = null;
        HarborUnreachableException why = error as HarborUnreachableException ?? connection.Unreachable(error);
        try
        {
            await job.ThrowIfEndedBadlyAsync(stop);
        }
        catch (HarborUnreachableException)
        {
            // Gone altogether; it may come back.
        }

        await _reconnection.WaitAsync(why, stop);
    }

    private async Task<Stream> OpenAtPositionAsync(CancellationToken stop)
    {
        Stream body = await job.OpenProductAsync(stop);
        byte[] skipped = ArrayPool<byte>.Shared.Rent(SkipBytes);
        try
        {
            long left = _position;
            while (left > 0)
            {
                int got = await body.ReadAsync(skipped.AsMemory(0, (int)Math.Min(left, skipped.Length)), stop);
                if (got == 0)
                {
                    throw new BadResultsException("the product has become shorter");
                }

                left -= got;
            }

            return body;
        }
        catch
        {
            await body.DisposeAsync();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(skipped);
        }
    }
}
