using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Ptorrent.Sandbox.Processes;

/// <summary>
/// How much a pipe holds. Linux gives it 64 KiB, and each time it is full or empty one of the two processes stands
/// still until the other was woken up: with more, a large input or result goes over in few steps.
/// </summary>
internal static partial class PipeCapacity
{
    private const int SetPipeSize = 1031;

    // Linux lets an ordinary user's pipes have 64 MiB together and makes every further one tiny: executors on all cores
    // of a large machine must leave room for the user's other programs.
    private const int WantedBytes = 256 * 1024;

    /// <summary>Enlarges the pipe behind a process's standard stream where the system knows how and has room; all works
    /// without it too.</summary>
    internal static void TryEnlarge(Stream stream)
    {
        if (OperatingSystem.IsLinux() && stream is PipeStream pipe)
        {
            _ = SetCapacity((int)pipe.SafePipeHandle.DangerousGetHandle(), SetPipeSize, WantedBytes);
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetCapacity(int file, int command, int bytes);
}
