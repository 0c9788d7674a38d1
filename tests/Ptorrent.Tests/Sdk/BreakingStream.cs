namespace Ptorrent.Tests.Sdk;

/// <summary>Some bytes, and then a line that breaks.</summary>
internal sealed class BreakingStream(byte[] bytes) : MemoryStream(bytes)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int got = await base.ReadAsync(buffer, cancellationToken);
        return got > 0 || buffer.IsEmpty ? got : throw new IOException("The line broke.");
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
