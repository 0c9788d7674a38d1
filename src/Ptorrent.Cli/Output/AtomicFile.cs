using System.Security.Cryptography;

namespace Ptorrent.Cli.Output;

/// <summary>
/// A file that appears under its name only when it is whole: written beside it under a temporary name, synced, renamed.
/// Disposing of it before <see cref="CommitAsync"/> leaves nothing behind. A target that is no regular file (a pipe, a
/// device such as /dev/null) cannot be renamed over and is written as it is.
/// </summary>
internal sealed class AtomicFile : IAsyncDisposable
{
    private const int BufferBytes = 128 * 1024;
    private const int RandomBytes = 6;

    private readonly string _path;
    private readonly string? _temporaryPath;
    private readonly FileStream _stream;
    private bool _committed;

    private AtomicFile(string path, string? temporaryPath, FileStream stream)
    {
        _path = path;
        _temporaryPath = temporaryPath;
        _stream = stream;
    }

    /// <summary>Where the content goes.</summary>
    public Stream Content => _stream;

    /// <summary>Begins a file; the folder must exist.</summary>
    /// <exception cref="IOException">It cannot be made there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made there.</exception>
    public static AtomicFile Create(string path)
    {
        if (File.Exists(path) && !RegularFile.Exists(path))
        {
            return new AtomicFile(
                path, null, new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite));
        }

        // A link keeps pointing where it points; the file at its end is the one that is replaced.
        FileInfo named = new(path);
        string target = named.LinkTarget is null
            ? named.FullName
            : named.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        string suffix = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));
        string temporary = Path.Combine(Path.GetDirectoryName(target)!, $".ptorrent-{suffix}.part");
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = BufferBytes,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows() && File.Exists(target))
        {
            options.UnixCreateMode = File.GetUnixFileMode(target);
        }

        return new AtomicFile(target, temporary, new FileStream(temporary, options));
    }

    /// <summary>Syncs the content to disk and gives it its name. Once this returns the file is there, whole.</summary>
    public async Task CommitAsync(CancellationToken stop)
    {
        await _stream.FlushAsync(stop);
        if (_temporaryPath is null)
        {
            _committed = true;
            return;
        }

        _stream.Flush(flushToDisk: true);
        await _stream.DisposeAsync();
        File.Move(_temporaryPath, _path, overwrite: true);
        _committed = true;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _stream.DisposeAsync();
        }
        finally
        {
            if (!_committed && _temporaryPath is not null)
            {
                File.Delete(_temporaryPath);
            }
        }
    }
}
