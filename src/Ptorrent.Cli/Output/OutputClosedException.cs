using Ptorrent.Model;

namespace Ptorrent.Cli.Output;

/// <summary>Whoever read our standard output stopped reading.</summary>
internal sealed class OutputClosedException(Exception inner)
    : PtorrentException("Standard output was closed before the product was whole.", inner)
{
    public override bool IsTransient => false;
}
