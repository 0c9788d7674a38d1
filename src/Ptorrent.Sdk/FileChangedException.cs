using Ptorrent.Model;

namespace Ptorrent.Sdk;

/// <summary>A file was changed by somebody while it was read to be uploaded. Nothing of it counts.</summary>
/// <param name="path">The file.</param>
/// <param name="inner">What gave it away, where that was an error.</param>
public sealed class FileChangedException(string path, Exception? inner = null)
    : PtorrentException($"The file '{path}' changed while it was read.", inner)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>Always: once the file rests, the same call succeeds.</summary>
    public override bool IsTransient => true;
}
