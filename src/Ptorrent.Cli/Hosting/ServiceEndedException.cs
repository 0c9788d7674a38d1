using Ptorrent.Model;

namespace Ptorrent.Cli.Hosting;

/// <summary>A harbor or an agent that this process started has ended by itself.</summary>
internal sealed class ServiceEndedException(string what, string words) : PtorrentException(
    words.Length == 0 ? $"{what} ended by itself" : $"{what} ended by itself: {words}")
{
    public override bool IsTransient => false;
}
