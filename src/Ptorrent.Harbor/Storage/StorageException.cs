using Ptorrent.Model;

namespace Ptorrent.Harbor.Storage;

/// <summary>The database or the folder of blobs could not be read or written.</summary>
internal sealed class StorageException(string message, bool isTransient, Exception? inner = null)
    : PtorrentException(message, inner)
{
    /// <inheritdoc/>
    public override bool IsTransient { get; } = isTransient;
}
