using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Ptorrent.Harbor.Hosting;

/// <summary>Gives the web server one pool of blocks for all that it receives and sends.</summary>
internal sealed class BlockPoolFactory : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new BlockPool();
}
