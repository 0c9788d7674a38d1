using Microsoft.Win32.SafeHandles;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Work.Lines;

namespace Ptorrent.Cli.Jobs;

/// <summary>A file whose lines are a job's items, on this machine. For several threads.</summary>
internal sealed class LineFile(string path, LineIndex index) : IDisposable
{
    private const int ReadBytes = 1 << 20;

    private readonly SafeFileHandle _file = File.OpenHandle(path);

    /// <summary>Reads a file to its end to see where its lines are.</summary>
    /// <exception cref="RefusedException">It is no file, or has no lines or too long ones.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LineIndex ReadIndex(string path)
    {
        if (!RegularFile.Exists(path))
        {
            throw new RefusedException(new Refusal(
                RefusalCode.NotFound, "lines", path, "there is no such file", string.Empty));
        }

        LineIndex index = new();
        using SafeFileHandle file = File.OpenHandle(path);
        byte[] buffer = new byte[ReadBytes];
        while (RandomAccess.Read(file, buffer, index.Bytes) is int got and > 0)
        {
            index.Append(buffer.AsSpan(0, got));
        }

        return index.LongestBytes <= LineIndex.LineBytesMax
            ? index
            : throw new RefusedException(LineRefusals.TooLong(path, index.LongestBytes));
    }

    /// <summary>Lines with their line feeds.</summary>
    /// <exception cref="IOException">They cannot be read any more.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(IndexRange range, CancellationToken stop)
    {
        LinePiece piece = index.Find(range);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(piece.Bytes);
        for (int at = 0, got; at < bytes.Length; at += got)
        {
            got = await RandomAccess.ReadAsync(_file, bytes.AsMemory(at), piece.Offset + at, stop);
            if (got == 0)
            {
                throw new IOException($"{path} has become shorter.");
            }
        }

        return piece.Cut(bytes);
    }

    public void Dispose() => _file.Dispose();
}
