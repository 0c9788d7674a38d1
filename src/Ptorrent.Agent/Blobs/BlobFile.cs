using Microsoft.Win32.SafeHandles;

namespace Ptorrent.Agent.Blobs;

/// <summary>A blob on the disk, whole and verified, that stays there until this is disposed of.</summary>
internal sealed class BlobFile(SafeFileHandle handle, long sizeBytes, BlobHold hold) : IDisposable
{
    /// <summary>For reads at any offset, by any number of threads.</summary>
    public SafeFileHandle Handle => handle;

    public long SizeBytes => sizeBytes;

    public void Dispose()
    {
        handle.Dispose();
        hold.Dispose();
    }
}
