namespace Ptorrent.Cli.Output;

/// <summary>A product that becomes one file.</summary>
internal sealed class FileTarget(string path) : ProductTarget
{
    private readonly AtomicFile _file = AtomicFile.Create(path);

    public override string Description => path;

    public override Task WriteAsync(Stream product, CancellationToken stop) => product.CopyToAsync(_file.Content, stop);

    public override Task CommitAsync(CancellationToken stop) => _file.CommitAsync(stop);

    public override ValueTask DisposeAsync() => _file.DisposeAsync();
}
