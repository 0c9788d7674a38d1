using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;
using Ptorrent.Sandbox.Programs;
using Xunit;
using ProcessorArchitecture = System.Runtime.InteropServices.Architecture;

namespace Ptorrent.Tests.Sandbox;

/// <summary>Where the runtime and the executors are, and programs for them.</summary>
internal static class SandboxSetup
{
    /// <summary>Generous: the machine that runs the tests may have other work.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static string FakeExecutor { get; } =
        RepositoryRoot.Combine("tests/Ptorrent.Tests/Sandbox/fake-executor.js");

    internal static string RealExecutor { get; } = RepositoryRoot.Combine("web/executor/dist/executor.js");

    internal static string? Runtime { get; } = FindRuntime();

    internal static SandboxOptions Options(string executor, int slots = 1) => new()
    {
        RuntimePath = Runtime ?? string.Empty,
        ExecutorPath = executor,
        SlotCount = slots,
        StartTimeMax = Patience,
    };

    internal static async Task<Ptorrent.Sandbox.Sandbox> StartFakeAsync(
        Func<SandboxOptions, SandboxOptions>? change = null)
    {
        Assert.SkipUnless(Runtime is not null, "There is no Deno: run npm ci in the repository.");
        SandboxOptions options = Options(FakeExecutor) with { RateTime = TimeSpan.Zero };
        return await Ptorrent.Sandbox.Sandbox.StartAsync(
            change?.Invoke(options) ?? options,
            NullLoggerFactory.Instance,
            TimeProvider.System,
            CancellationToken.None);
    }

    internal static async Task<Ptorrent.Sandbox.Sandbox> StartRealAsync(int slots = 1, bool bubblewrap = true)
    {
        Assert.SkipUnless(Runtime is not null, "There is no Deno: run npm ci in the repository.");
        Assert.SkipUnless(File.Exists(RealExecutor), "There is no executor: run npm run build in the repository.");
        return await Ptorrent.Sandbox.Sandbox.StartAsync(
            Options(RealExecutor, slots) with { UseBubblewrap = bubblewrap },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            CancellationToken.None);
    }

    /// <summary>A program of the fake executor, which is loaded as it is.</summary>
    internal static SandboxProgram Fake(
        string json,
        ProgramKind kind = ProgramKind.Kernel,
        RunMode mode = RunMode.Range,
        JobLimits? limits = null,
        CombineKind combine = CombineKind.Concat)
    {
        ProgramLoad load = new()
        {
            Kind = kind,
            Mode = mode,
            Combine = combine,
            Name = "fake",
            Code = Encoding.UTF8.GetBytes(json),
            Limits = limits ?? new JobLimits(),
            Seed = new byte[ProgramLoad.SeedBytes],
        };
        return new SandboxProgram(load, load.Code);
    }

    /// <summary>An honest kernel with fuel for a hundred million steps.</summary>
    internal static ProgramLoad ReferenceLoad => ReferenceKernel.Load;

    internal static RunRequest Range(long begin, long end) => new() { Range = new IndexRange(begin, end) };

    internal static string TextOf(RunOutcome outcome)
    {
        RunOutcome.Completed completed = Assert.IsType<RunOutcome.Completed>(outcome);
        return Encoding.UTF8.GetString(completed.Segment.Span);
    }

    internal static ProgramFailure FailureOf(RunOutcome outcome) => Assert.IsType<RunOutcome.Failed>(outcome).Failure;

    private static string? FindRuntime()
    {
        string architecture = RuntimeInformation.ProcessArchitecture == ProcessorArchitecture.Arm64 ? "arm64" : "x64";
        string platform = OperatingSystem.IsWindows() ? $"win32-{architecture}"
            : OperatingSystem.IsMacOS() ? $"darwin-{architecture}"
            : $"linux-{architecture}-glibc";
        string name = OperatingSystem.IsWindows() ? "deno.exe" : "deno";
        string path = RepositoryRoot.Combine("node_modules/@deno", platform, name);
        return File.Exists(path) ? path : null;
    }
}
