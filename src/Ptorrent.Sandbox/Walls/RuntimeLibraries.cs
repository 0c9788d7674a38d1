using System.ComponentModel;
using System.Diagnostics;

namespace Ptorrent.Sandbox.Walls;

/// <summary>Finds the shared libraries of the runtime's binary, so that the executor's root holds those and nothing
/// else.
/// </summary>
internal static class RuntimeLibraries
{
    private const int LibraryCountMax = 100;
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);
    private static readonly string[] WholeFolders = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"];

    /// <summary>The libraries by the paths at which the loader looks for them; whole folders where <c>ldd</c> cannot
    /// say.
    /// </summary>
    internal static async Task<IReadOnlyList<string>> FindAsync(string runtimePath, CancellationToken stop)
    {
        string[] libraries = WallTools.Find("ldd") is { } ldd ? Parse(await ReadAsync(ldd, runtimePath, stop)) : [];
        return libraries.Length is > 0 and <= LibraryCountMax ? libraries : [.. WholeFolders.Where(Directory.Exists)];
    }

    /// <summary>Takes the absolute paths out of ldd's lines, such as
    /// <c>libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)</c>.</summary>
    internal static string[] Parse(string output) =>
    [
        .. output.Split('\n')
            .SelectMany(static line => line.Split(' ', '\t'))
            .Where(static word => word.StartsWith('/'))
            .Distinct(StringComparer.Ordinal),
    ];

    private static async Task<string> ReadAsync(string ldd, string runtimePath, CancellationToken stop)
    {
        ProcessStartInfo start = new(ldd, [Path.GetFullPath(runtimePath)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(TimeMax);
        try
        {
            using Process process = Process.Start(start) ?? throw new InvalidOperationException("nothing was started");
            string output = await process.StandardOutput.ReadToEndAsync(late.Token);
            await process.WaitForExitAsync(late.Token);
            return output;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            return string.Empty;
        }
    }
}
