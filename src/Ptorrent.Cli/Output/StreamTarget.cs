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
    private static Stream Open() => OperatingSystem.IsWindows()
        ? Console.OpenStandardOutput()
        : new FileStream(new SafeFileHandle(StandardOutputNumber, ownsHandle: false), FileAccess.Write, bufferSize: 0);

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
