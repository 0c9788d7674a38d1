using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Ptorrent.Cli.Output;

/// <summary>A product that goes to standard output while it grows.</summary>
internal sealed class StreamTarget : ProductTarget
{
    private const int CopyBytes = 64 * 1024;
    private const nint StandardOutputNumber = 1;

    private readonly Stream _output = Open();

    public override bool IsStandardOutput => true;

    public override string? Description => null;

    public override async Task WriteAsync(Stream product, CancellationToken stop)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            int got;
            while ((got = await product.ReadAsync(buffer, stop)) > 0)
            {
                Write(buffer.AsSpan(0, got));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public override Task CommitAsync(CancellationToken stop) => Task.CompletedTask;

    public override ValueTask DisposeAsync() => _output.DisposeAsync();

    // The console's own stream keeps it to itself where nobody reads any more; then a job would be computed for nobody.
    // A file has no reader who could leave, and shares its position with whoever writes to it next.
    private static Stream Open()
    {
        if (!OperatingSystem.IsWindows())
        {
            SafeFileHandle handle = new(StandardOutputNumber, ownsHandle: false);
            FileStream stream = new(handle, FileAccess.Write, bufferSize: 0);
            if (!stream.CanSeek)
            {
                return stream;
            }

            stream.Dispose();
        }

        return Console.OpenStandardOutput();
    }

    // Reading and writing fail alike; only here is it known that it was the reader of our output who left.
    private void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _output.Write(bytes);
            _output.Flush();
        }
        catch (IOException error)
        {
            throw new OutputClosedException(error);
        }
    }
}
