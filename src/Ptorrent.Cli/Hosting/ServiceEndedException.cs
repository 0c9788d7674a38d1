using Ptorrent.Model;

namespace Ptorrent.Cli.Hosting;

/// <summary>A harbor or an agent that this process started has ended by itself.</summary>
internal sealed class ServiceEndedException(string what, int exitCode, string words) : PtorrentException(
    words.Length == 0 ? $"{what} ended with exit code {exitCode}" : $"{what} ended with exit code {exitCode}: {words}")
{
    public override bool IsTransient => false;
}
