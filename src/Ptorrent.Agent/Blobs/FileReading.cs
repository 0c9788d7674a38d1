using Microsoft.Win32.SafeHandles;

namespace Ptorrent.Agent.Blobs;

/// <summary>Reading from a place in a file.</summary>
internal static class FileReading
{
    /// <summary>Fills <paramref name="bytes"/> from an offset on.</summary>
    /// <returns>False where the file ends before.</returns>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public static async ValueTask<bool> TryFillAsync(
        SafeFileHandle file, long offset, Memory<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty)
        {
            int got = await RandomAccess.ReadAsync(file, bytes, offset, stop);
            if (got == 0)
            {
                return false;
            }

            bytes = bytes[got..];
            offset += got;
        }

        return true;
    }
}
