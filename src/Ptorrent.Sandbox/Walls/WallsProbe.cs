using Ptorrent.Sandbox.Processes;

namespace Ptorrent.Sandbox.Walls;

/// <summary>Finds out which walls stand on this machine, by starting an executor behind them.</summary>
internal static class WallsProbe
{
    private const string InstallBubblewrap =
        "Programs run behind the runtime's own walls, but without bubblewrap's. Install it: sudo apt install "
        + "bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora), sudo pacman -S bubblewrap (Arch).";

    private const string InstallTools =
        "Without prlimit and setpriv an executor's memory is bounded by its runtime alone, and one that is busy may "
        + "outlive this program's sudden death. Install them: sudo apt install util-linux.";

    /// <summary>Tries all tools, then leaves out what does not work, the outermost first.</summary>
    /// <param name="found">The tools that are installed.</param>
    /// <param name="options">Whether bubblewrap is wanted.</param>
    /// <param name="startAsync">Starts an executor behind the walls of these tools and puts it away.</param>
    /// <returns>What stands, and what to tell the user.</returns>
    /// <exception cref="SandboxException">Not even a bare executor starts.</exception>
    internal static async Task<SandboxWalls> FindAsync(
        WallTools found, SandboxOptions options, Func<WallTools, Task> startAsync)
    {
        WallTools wanted = options.UseBubblewrap ? found : found with { Bubblewrap = null };
        WallTools[] plans =
        [
            wanted,
            wanted with { Bubblewrap = null },
            new WallTools { Nice = wanted.Nice },
            new WallTools(),
        ];
        SandboxException? first = null;
        foreach (WallTools plan in plans.Distinct())
        {
            try
            {
                await startAsync(plan);
                return Describe(found, plan, options, first);
            }
            catch (SandboxException failed)
            {
                first ??= failed;
                if (plan == plans[^1])
                {
                    throw;
                }
            }
        }

        throw new System.Diagnostics.UnreachableException();
    }

    private static SandboxWalls Describe(
        WallTools found, WallTools plan, SandboxOptions options, SandboxException? failed)
    {
        string? notice = null;
        if (OperatingSystem.IsLinux() && options.UseBubblewrap && plan.Bubblewrap is null)
        {
            notice = found.Bubblewrap is null
                ? InstallBubblewrap
                : "bubblewrap is installed but does not work here, so programs run without its walls. Where the system "
                    + "forbids user namespaces (Ubuntu 24.04 and later), allow them: sudo sysctl "
                    + $"kernel.apparmor_restrict_unprivileged_userns=0. It said: {failed?.Message}";
        }

        bool hasLimits = plan.ProcessLimits is not null;
        bool endsWithAgent = plan.Privileges is not null || plan.Bubblewrap is not null;
        if (OperatingSystem.IsLinux() && (!hasLimits || !endsWithAgent))
        {
            string tools = found.ProcessLimits is null || found.Privileges is null
                ? InstallTools
                : $"prlimit and setpriv are installed but an executor does not start behind them: {failed?.Message}";
            notice = notice is null ? tools : $"{notice} {tools}";
        }

        return new SandboxWalls
        {
            HasBubblewrap = plan.Bubblewrap is not null,
            HasResourceLimits = hasLimits,
            EndsWithAgent = endsWithAgent,
            Notice = notice,
        };
    }
}
