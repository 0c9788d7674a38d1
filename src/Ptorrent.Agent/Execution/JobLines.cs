using Ptorrent.Agent.Blobs;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Units;
using Ptorrent.Work.Lines;

namespace Ptorrent.Agent.Execution;

/// <summary>
/// The lines of a job over lines: its file on the disk, fetched once, and where the lines are in it. Reading is for
/// several threads.
/// </summary>
internal sealed class JobLines : IDisposable
{
    private const int IndexedTogetherBytes = 1 << 20;

    private readonly BlobFile _file;
    private readonly LineIndex _index = new();

    private JobLines(BlobFile file) => _file = file;

    /// <summary>Fetches a job's file where it is not here, and finds its lines.</summary>
    /// <exception cref="BlobUnavailableException">It is too large or cannot be had.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public static async Task<JobLines> OpenAsync(BlobSource blobs, Input file, CancellationToken stop)
    {
        JobLines lines = new(await blobs.OpenAsync(file.Digest.ToDigest(), file.SizeBytes, stop));
        try
        {
            await lines.FindAsync(stop);
            return lines;
        }
        catch (IOException failure)
        {
            lines.Dispose();
            throw new BlobUnavailableException(failure.Message, failure);
        }
        catch
        {
            lines.Dispose();
            throw;
        }
    }

    /// <summary>Lines with their line feeds.</summary>
    /// <exception cref="BlobUnavailableException">The file has not so many, or cannot be read any more.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(IndexRange range, CancellationToken stop)
    {
        if (range.End > _index.Count)
        {
            throw new BlobUnavailableException($"The file has no lines {range}; it has {_index.Count}.");
        }

        LinePiece piece = _index.Find(range);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(piece.Bytes);
        try
        {
            return await FileReading.TryFillAsync(_file.Handle, piece.Offset, bytes, stop)
                ? piece.Cut(bytes)
                : throw new BlobUnavailableException("The file of lines has become shorter.");
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            throw new BlobUnavailableException(failure.Message, failure);
        }
    }

    public void Dispose() => _file.Dispose();

    private async Task FindAsync(CancellationToken stop)
    {
        byte[] buffer = new byte[IndexedTogetherBytes];
        while (await RandomAccess.ReadAsync(_file.Handle, buffer, _index.Bytes, stop) is int got and > 0)
        {
            _index.Append(buffer.AsSpan(0, got));
        }
    }
}
