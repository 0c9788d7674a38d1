using Ptorrent.Link.Transports;

namespace Ptorrent.Tests.Link;

public sealed class LoopbackLinkTests : LinkConformance
{
    internal override Task<LinkPair> ConnectAsync()
    {
        (LoopbackLink child, LoopbackLink parent) = LoopbackLink.CreatePair();
        return Task.FromResult(new LinkPair(child, parent, () => ValueTask.CompletedTask));
    }
}
