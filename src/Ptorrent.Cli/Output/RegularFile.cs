using System.Runtime.InteropServices;

namespace Ptorrent.Cli.Output;

/// <summary>Tells files from folders, pipes and devices, which the framework does not.</summary>
internal static class RegularFile
{
    private const int CurrentFolder = -100;
    private const uint WantType = 1;
    private const int StatusBytes = 256;
    private const int ModeOffset = 28;
    private const int TypeMask = 0xF000;
    private const int TypeRegular = 0x8000;

    /// <summary>Whether <paramref name="path"/> leads, through links where need be, to a regular file.</summary>
    public static bool Exists(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        // statx is the one such call whose structure is the same on every processor.
        byte[] status = new byte[StatusBytes];
        return Statx(CurrentFolder, path, 0, WantType, status) == 0
            && (BitConverter.ToUInt16(status, ModeOffset) & TypeMask) == TypeRegular;
    }

    [DllImport("libc", EntryPoint = "statx", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(
        int folder,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path,
        int flags,
        uint mask,
        [Out] byte[] status);
}
