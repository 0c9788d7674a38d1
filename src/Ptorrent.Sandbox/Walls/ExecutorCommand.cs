using System.Diagnostics;
using System.Globalization;
using Ptorrent.Sandbox.Processes;

namespace Ptorrent.Sandbox.Walls;

/// <summary>
/// The command line of one executor: a chain of programs, each of which puts up one wall and then becomes the next, the
/// runtime last. What each wall is for: docs/design/sandbox.md.
/// </summary>
internal static class ExecutorCommand
{
    private const int OpenFilesMax = 256;
    private const string RuntimeInside = "/deno";
    private const string ExecutorInside = "/executor.js";
    private const string FolderInside = "/empty";

    // A session of its own has its own share of the processor where the kernel groups by session, and there nice counts
    // only within the group: so the group itself has to be nice.
    private const string NiceSession = "echo \"$0\" 2>/dev/null >/proc/self/autogroup; exec \"$@\"";

    private static readonly string[] RuntimeFlags =
    [
        "--quiet", "--no-prompt", "--no-remote", "--no-npm", "--no-config", "--no-lock", "--no-check",
        "--no-code-cache", "--cached-only", "--deny-read", "--deny-write", "--deny-net", "--deny-env", "--deny-sys",
        "--deny-run", "--deny-ffi", "--deny-import",
    ];

    private static readonly (string Key, string Value)[] Environment =
    [
        ("NO_COLOR", "1"), ("DENO_NO_UPDATE_CHECK", "1"), ("TZ", "UTC"), ("LANG", "en_US.UTF-8"),
        ("RUST_BACKTRACE", "0"),
    ];

    /// <summary>Builds it.</summary>
    /// <param name="options">The runtime, the script and how nice to be.</param>
    /// <param name="tools">What there is to build walls with.</param>
    /// <param name="profile">The process's limits.</param>
    /// <param name="emptyFolder">An empty folder, where the executor finds itself without bubblewrap.</param>
    internal static ProcessStartInfo Build(
        SandboxOptions options, WallTools tools, ProcessProfile profile, string emptyFolder)
    {
        List<string> chain = [];
        AddSession(chain, options, tools);
        AddLimits(chain, tools, profile);
        if (tools.Privileges is { } privileges)
        {
            chain.AddRange([privileges, "--pdeathsig", "KILL", "--"]);
        }

        if (tools.Bubblewrap is { } bubblewrap)
        {
            AddNamespaces(chain, bubblewrap, options, tools);
        }

        chain.AddRange([tools.Bubblewrap is null ? Path.GetFullPath(options.RuntimePath) : RuntimeInside, "run"]);
        chain.AddRange(RuntimeFlags);
        chain.Add(EngineFlags(profile));
        chain.Add(tools.Bubblewrap is null ? Path.GetFullPath(options.ExecutorPath) : ExecutorInside);

        ProcessStartInfo start = new(chain[0], chain.Skip(1))
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = emptyFolder,
        };
        SetEnvironment(start, emptyFolder);
        return start;
    }

    private static void AddSession(List<string> chain, SandboxOptions options, WallTools tools)
    {
        string nice = options.Nice.ToString(CultureInfo.InvariantCulture);
        if (tools.NewSession is { } session && tools.Shell is { } shell)
        {
            chain.AddRange([session, shell, "-c", NiceSession, nice]);
        }

        if (tools.Nice is { } program && options.Nice > 0)
        {
            chain.AddRange([program, "-n", nice]);
        }
    }

    private static void AddLimits(List<string> chain, WallTools tools, ProcessProfile profile)
    {
        if (tools.ProcessLimits is { } limits)
        {
            chain.AddRange(
            [
                limits,
                string.Create(CultureInfo.InvariantCulture, $"--data={profile.DataBytesMax}"),
                string.Create(CultureInfo.InvariantCulture, $"--nofile={OpenFilesMax}"),
                "--core=0",
                "--fsize=0",
                "--",
            ]);
        }
    }

    private static void AddNamespaces(List<string> chain, string bubblewrap, SandboxOptions options, WallTools tools)
    {
        chain.AddRange([bubblewrap, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]);
        chain.AddRange(["--uid", "65534", "--gid", "65534", "--hostname", "executor"]);
        if (tools.NewSession is null || tools.Shell is null)
        {
            chain.Add("--new-session");
        }

        foreach (string library in tools.Libraries)
        {
            chain.AddRange(["--ro-bind", library, library]);
        }

        chain.AddRange(["--ro-bind", Path.GetFullPath(options.RuntimePath), RuntimeInside]);
        chain.AddRange(["--ro-bind", Path.GetFullPath(options.ExecutorPath), ExecutorInside]);

        // The runtime reads there where it lies and how large its stack is, and falls over where nobody answers. In a
        // process namespace of its own it shows the executor nothing but itself.
        chain.AddRange(["--proc", "/proc"]);
        chain.AddRange(["--dir", FolderInside, "--remount-ro", "/", "--chdir", FolderInside, "--clearenv"]);
        foreach ((string key, string value) in Environment)
        {
            chain.AddRange(["--setenv", key, value]);
        }

        chain.AddRange(["--setenv", "DENO_DIR", FolderInside, "--"]);
    }

    private static string EngineFlags(ProcessProfile profile)
    {
        // Code from strings is off for the whole process: no program needs it, and an object of the executor's that
        // slipped into a script's realm must not have it either.
        string flags = string.Create(
            CultureInfo.InvariantCulture,
            $"--v8-flags=--max-old-space-size={profile.HeapBytesMax >> 20},--disallow-code-generation-from-strings");

        // There is no on-stack replacement: one long call would stay in the baseline compiler to its end.
        return profile.CompilesLazily ? flags : flags + ",--no-liftoff";
    }

    private static void SetEnvironment(ProcessStartInfo start, string emptyFolder)
    {
        string? systemRoot = OperatingSystem.IsWindows()
            ? System.Environment.GetEnvironmentVariable("SystemRoot")
            : null;
        start.Environment.Clear();
        foreach ((string key, string value) in Environment)
        {
            start.Environment[key] = value;
        }

        // The runtime keeps caches there if it can; below a device nobody can make a folder, not even root.
        start.Environment["DENO_DIR"] = OperatingSystem.IsWindows() ? emptyFolder : "/dev/null/nothing";
        if (systemRoot is not null)
        {
            // Windows programs do not find their libraries without it.
            start.Environment["SystemRoot"] = systemRoot;
        }
    }
}
