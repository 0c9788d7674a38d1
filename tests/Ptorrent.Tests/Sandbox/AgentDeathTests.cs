using System.Diagnostics;
using System.Globalization;
using Ptorrent.Model.Programs;
using Ptorrent.Sandbox;
using Xunit;

namespace Ptorrent.Tests.Sandbox;

// Goal: no executor survives the agent, however the agent dies and however busy the executor is.
// Method: this test program is started once more to host a sandbox whose executor spins, and is killed by SIGKILL.
public sealed class AgentDeathTests
{
    private const string ReportVariable = "PTORRENT_TESTS_SANDBOX_REPORT";
    private const string WallsVariable = "PTORRENT_TESTS_SANDBOX_BUBBLEWRAP";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Agent_KilledWhileExecutorsSpin_LeavesNoneBehind(bool bubblewrap)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere a busy executor may outlive its agent's sudden death.");
        Assert.SkipUnless(SandboxSetup.Runtime is not null, "There is no Deno: run npm ci in the repository.");
        string report = Path.GetTempFileName();
        using Process host = StartHost(report, bubblewrap);
        int[] groups = [];
        try
        {
            await UntilAsync(
                async () => (groups = await ReadReportAsync(report)).Length > 0, "the host reports its executors");
            Assert.All(groups, group => Assert.NotEmpty(MembersOf(group)));
        }
        finally
        {
            host.Kill();
            await host.WaitForExitAsync();
            File.Delete(report);
        }

        await UntilAsync(
            () => Task.FromResult(groups.All(group => MembersOf(group).Count == 0)),
            "the executors are gone after their agent was killed");
    }

    // Not a test: the program that the test above starts and kills.
    [Fact(Explicit = true)]
    public async Task Host_Sandbox_UntilKilled()
    {
        string? report = Environment.GetEnvironmentVariable(ReportVariable);
        Assert.SkipUnless(report is not null, "Only the test of this class starts it.");
        bool bubblewrap = Environment.GetEnvironmentVariable(WallsVariable) == bool.TrueString;
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync(
            o => o with { SlotCount = 2, UseBubblewrap = bubblewrap });
        Assert.True(sandbox.Walls.EndsWithAgent);
        SandboxProgram spinning = SandboxSetup.Fake("""{"runs":{"1":"spin"}}""");
        List<Task> runs = [];
        foreach (ExecutorSlot slot in sandbox.Slots)
        {
            await slot.RunAsync(spinning, SandboxSetup.Range(0, 1), CancellationToken.None);
            runs.Add(slot.RunAsync(spinning, SandboxSetup.Range(1, 2), CancellationToken.None).AsTask());
        }

        await File.WriteAllTextAsync(report, string.Join(' ', sandbox.Slots.Select(s => s.ProcessId)) + "\n");
        await Task.WhenAll(runs);
    }

    private static Process StartHost(string report, bool bubblewrap)
    {
        ProcessStartInfo start = new(
            Environment.ProcessPath ?? throw new InvalidOperationException("The tests are a program."),
            ["-method", $"{typeof(AgentDeathTests).FullName}.{nameof(Host_Sandbox_UntilKilled)}", "-explicit", "only"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment[ReportVariable] = report;
        start.Environment[WallsVariable] = bubblewrap.ToString();
        return Process.Start(start) ?? throw new InvalidOperationException("Nothing was started.");
    }

    private static async Task<int[]> ReadReportAsync(string report)
    {
        string text = await File.ReadAllTextAsync(report);
        return text.EndsWith('\n')
            ? [.. text.Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture))]
            : [];
    }

    /// <summary>The processes of a group, from the fifth field of /proc/N/stat.</summary>
    private static List<string> MembersOf(int group)
    {
        List<string> members = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(f[^1])))
        {
            try
            {
                string stat = File.ReadAllText(Path.Combine(folder, "stat"));
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (fields[2] == group.ToString(CultureInfo.InvariantCulture) && fields[0] != "Z")
                {
                    members.Add(folder);
                }
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return members;
    }

    // The processes belong to a process that is gone: there is nothing to wait for but their absence.
    private static async Task UntilAsync(Func<Task<bool>> condition, string phase)
    {
        using CancellationTokenSource late = new(SandboxSetup.Patience);
        while (!await condition())
        {
            Assert.False(late.IsCancellationRequested, $"Waited {SandboxSetup.Patience} until {phase}.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }
}
