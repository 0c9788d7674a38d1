namespace Ptorrent.Sandbox.Walls;

/// <summary>The programs of the machine that build walls, by absolute path; null where one is not installed.</summary>
internal sealed record WallTools
{
    private static readonly string[] Folders = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin"];

    internal string? Bubblewrap { get; init; }

    internal string? ProcessLimits { get; init; }

    internal string? Privileges { get; init; }

    internal string? Nice { get; init; }

    internal string? NewSession { get; init; }

    internal string? Shell { get; init; }

    /// <summary>The files that the runtime's binary needs to start, for binding into an empty root.</summary>
    internal IReadOnlyList<string> Libraries { get; init; } = [];

    /// <summary>Looks for them where systems keep them. Elsewhere than on Linux there is none but
    /// <c>nice</c>.</summary>
    internal static WallTools Find()
    {
        if (OperatingSystem.IsWindows())
        {
            return new WallTools();
        }

        if (!OperatingSystem.IsLinux())
        {
            return new WallTools { Nice = Find("nice") };
        }

        return new WallTools
        {
            Bubblewrap = Find("bwrap"),
            ProcessLimits = Find("prlimit"),
            Privileges = Find("setpriv"),
            Nice = Find("nice"),
            NewSession = Find("setsid"),
            Shell = Find("sh"),
        };
    }

    /// <summary>The tool's path in the usual folders, then in PATH.</summary>
    internal static string? Find(string name)
    {
        IEnumerable<string> path = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathRooted);
        return Folders.Concat(path).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }
}
