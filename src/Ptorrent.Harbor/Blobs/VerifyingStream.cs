using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Harbor.Blobs;

/// <summary>Reads a file from begin to end and sees whether it has its digest. Owns the file.</summary>
internal sealed class VerifyingStream(FileStream file, Digest digest, Action setAside) : Stream
{
    private readonly MerkleHasher _hasher = new();
    private readonly long _length = file.Length;
    private long _read;
    private bool _isFinished;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => _length;

    public override long Position
    {
        get => file.Position;
        set => throw new NotSupportedException("It is read from begin to end.");
    }

    /// <exception cref="StorageException">These are the last bytes, and the content does not have its digest; they are
    /// not given out.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int got = await file.ReadAsync(buffer, cancellationToken);
        _hasher.Append(buffer.Span[..got]);
        _read += got;
        bool isEnd = _read >= _length || (got == 0 && !buffer.IsEmpty);
        if (isEnd && !_isFinished)
        {
            _isFinished = true;
            if (_read != _length || _hasher.Finish() != digest)
            {
                setAside();
                throw new StorageException($"The blob {digest} is damaged.", isTransient: false);
            }
        }

        return got;
    }

    /// <summary>Sees to it that the end was reached, and so verified.</summary>
    /// <exception cref="StorageException">There is more, or the content does not have its digest.</exception>
    public async Task FinishAsync(CancellationToken stop)
    {
        byte[] one = new byte[1];
        if (await ReadAsync(one, stop) != 0)
        {
            throw new StorageException($"The blob {digest} is longer than it was.", isTransient: false);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("It is read asynchronously.");

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        throw new NotSupportedException("It is read from begin to end.");

    public override void SetLength(long value) => throw new NotSupportedException("It is only read.");

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("It is only read.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
