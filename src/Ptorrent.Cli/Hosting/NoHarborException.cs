using Ptorrent.Model;

namespace Ptorrent.Cli.Hosting;

/// <summary>No harbor was named, and none runs with the home.</summary>
internal sealed class NoHarborException(string homeDirectory) : PtorrentException(
    $"no harbor runs with the home {homeDirectory}. Start one with 'ptorrent up', or name one with --harbor URL")
{
    public override bool IsTransient => true;
}
