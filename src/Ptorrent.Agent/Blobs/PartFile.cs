using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>
/// A blob that is not whole yet: a sparse file with the pieces at their places. Which of them are good is known by
/// their hashes alone, so nothing else has to be kept for a later life. For any number of threads.
/// </summary>
internal sealed class PartFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly Lock _lock = new();
    private readonly PieceMap _map;

    private PartFile(PieceLayer layer, SafeFileHandle file)
    {
        Layer = layer;
        _file = file;
        _map = new PieceMap(layer.Count);
    }

    public PieceLayer Layer { get; }

    /// <summary>How many pieces are here.</summary>
    public int HeldCount
    {
        get
        {
            lock (_lock)
            {
                return _map.HeldCount;
            }
        }
    }

    /// <summary>Opens a part file, made where it is missing, and finds the good pieces in it.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static async Task<PartFile> OpenAsync(string path, PieceLayer layer, CancellationToken stop)
    {
        SafeFileHandle file = File.OpenHandle(
            path,
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.Read | FileShare.Delete,
            FileOptions.Asynchronous);
        PartFile part = new(layer, file);
        try
        {
            if (RandomAccess.GetLength(file) == layer.SizeBytes)
            {
                await part.FindPiecesAsync(stop);
            }
            else
            {
                RandomAccess.SetLength(file, layer.SizeBytes);
            }

            return part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    /// <summary>Which pieces are here, as it travels.</summary>
    public byte[] ToMapBytes()
    {
        lock (_lock)
        {
            return _map.ToByteArray();
        }
    }

    /// <summary>Writes a piece that was verified.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public async ValueTask WriteAsync(int piece, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        await RandomAccess.WriteAsync(_file, bytes, PieceLayer.OffsetOf(piece), stop);
        lock (_lock)
        {
            _map.Add(piece);
        }
    }

    /// <summary>Reads a piece, or a part of one.</summary>
    /// <returns>False where it is not here.</returns>
    public async ValueTask<bool> TryReadAsync(long offset, Memory<byte> bytes, CancellationToken stop)
    {
        lock (_lock)
        {
            int last = (int)((offset + bytes.Length - 1) / PieceLayer.PieceBytes);
            for (int piece = (int)(offset / PieceLayer.PieceBytes); piece <= last; piece++)
            {
                if (!_map[piece])
                {
                    return false;
                }
            }
        }

        try
        {
            return await FileReading.TryFillAsync(_file, offset, bytes, stop);
        }
        catch (ObjectDisposedException)
        {
            // It has become whole, or was given up, a moment ago.
            return false;
        }
    }

    public void Dispose() => _file.Dispose();

    private async Task FindPiecesAsync(CancellationToken stop)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PieceLayer.PieceBytes);
        try
        {
            for (int piece = 0; piece < Layer.Count; piece++)
            {
                Memory<byte> bytes = buffer.AsMemory(0, Layer.LengthOf(piece));
                bool isRead = await FileReading.TryFillAsync(_file, PieceLayer.OffsetOf(piece), bytes, stop);

                // A hole reads as zeros, which need not be hashed to be known as missing.
                if (isRead && bytes.Span.ContainsAnyExcept((byte)0) && Layer.IsPiece(piece, bytes.Span))
                {
                    _map.Add(piece);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
