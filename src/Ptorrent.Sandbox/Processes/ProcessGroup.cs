using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Ptorrent.Sandbox.Processes;

/// <summary>
/// Kills a process with all that it started. An executor leads a process group of its own (<c>setsid</c>): one call
/// ends the walls' processes and the runtime together, also in the instant in which bubblewrap has made its child but
/// the child does not yet die with it.
/// </summary>
[SupportedOSPlatform("linux")]
internal static partial class ProcessGroup
{
    private const int SigKill = 9;

    /// <summary>Sends SIGKILL to the group that <paramref name="leader"/> leads.</summary>
    /// <returns>False when it leads none.</returns>
    internal static bool TryKill(int leader) => Kill(-leader, SigKill) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
