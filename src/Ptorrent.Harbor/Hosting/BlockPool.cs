using System.Buffers;
using System.Collections.Concurrent;

namespace Ptorrent.Harbor.Hosting;

/// <summary>
/// Blocks of 16 KiB, four times those of the web server's own pool: an upload is received with an eighth of the calls
/// into the kernel. A connection that is idle holds none. For any number of threads.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    private const int BlockBytes = 16 * 1024;

    // What is kept when all is quiet: 8 MiB.
    private const int KeptCountMax = 512;

    private readonly ConcurrentQueue<Block> _kept = new();
    private int _keptCount;

    public override int MaxBufferSize => BlockBytes;

    /// <exception cref="ArgumentOutOfRangeException">It is more than a block.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (!_kept.TryDequeue(out Block? block))
        {
            return new Block(this);
        }

        Interlocked.Decrement(ref _keptCount);
        block.Lend();
        return block;
    }

    protected override void Dispose(bool disposing)
    {
        // Blocks are garbage like anything else; what is on loan outlives the pool.
    }

    private void TakeBack(Block block)
    {
        if (Interlocked.Increment(ref _keptCount) <= KeptCountMax)
        {
            _kept.Enqueue(block);
        }
        else
        {
            Interlocked.Decrement(ref _keptCount);
        }
    }

    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);
        private int _isLent = 1;

        public Memory<byte> Memory => _bytes;

        public void Lend() => Volatile.Write(ref _isLent, 1);

        public void Dispose()
        {
            // Once only, whoever disposes of it twice.
            if (Interlocked.Exchange(ref _isLent, 0) == 1)
            {
                pool.TakeBack(this);
            }
        }
    }
}
