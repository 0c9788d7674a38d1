using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;

namespace Ptorrent.Bench;

/// <summary>What the sandbox costs this side: starting, small runs, and replacing an executor that was
/// killed.</summary>
internal static class SandboxBench
{
    private const int WarmUpCount = 5_000;
    private const int RunCount = 100_000;
    private const int KillCount = 20;
    private static readonly TimeSpan RestTime = TimeSpan.FromMilliseconds(300);

    internal static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        if (!arguments.IsEmpty)
        {
            await Console.Error.WriteLineAsync("usage: sandbox");
            return 2;
        }

        BenchPaths paths = BenchPaths.Find();
        SandboxOptions options = new() { RuntimePath = paths.Runtime, ExecutorPath = paths.Executor, SlotCount = 1 };
        TimeProvider time = TimeProvider.System;
        long startedAt = time.GetTimestamp();
        await using Ptorrent.Sandbox.Sandbox sandbox = await Ptorrent.Sandbox.Sandbox.StartAsync(
            options, NullLoggerFactory.Instance, time, CancellationToken.None);
        Show("start, first executor and rate included", time.GetElapsedTime(startedAt).TotalMilliseconds, "ms");
        Show("rate", sandbox.Rate.FuelPerSecond / 1e9, "thousand million fuel a second");
        await KillAsync(sandbox, time);
        foreach (int inFlight in (int[])[1, 2, 8])
        {
            await RunManyAsync(sandbox, time, inFlight);
        }

        return 0;
    }

    private static async Task RunManyAsync(Ptorrent.Sandbox.Sandbox sandbox, TimeProvider time, int inFlight)
    {
        SandboxProgram program = sandbox.Prepare(Script("export default () => 'x';", TimeSpan.FromMinutes(1)));
        await RepeatAsync(sandbox.Slots[0], program, inFlight, WarmUpCount);
        using Process self = Process.GetCurrentProcess();
        TimeSpan cpu = self.TotalProcessorTime;
        long allocated = GC.GetTotalAllocatedBytes();
        long startedAt = time.GetTimestamp();
        await RepeatAsync(sandbox.Slots[0], program, inFlight, RunCount);
        TimeSpan took = time.GetElapsedTime(startedAt);
        self.Refresh();
        TimeSpan used = self.TotalProcessorTime - cpu;
        string what = string.Create(CultureInfo.InvariantCulture, $"small runs, {inFlight} in flight");
        Show(what, RunCount / took.TotalSeconds, "a second");
        Show($"{what}: CPU of this side", used.TotalMicroseconds / RunCount, "us a run");
        Show($"{what}: allocated", (GC.GetTotalAllocatedBytes() - allocated) / (double)RunCount, "bytes a run");
    }

    private static async Task RepeatAsync(ExecutorSlot slot, SandboxProgram program, int inFlight, int count)
    {
        RunRequest request = new() { Range = new IndexRange(0, 1) };
        Queue<Task<RunOutcome>> outstanding = new();
        for (int i = 0; i < count; i++)
        {
            outstanding.Enqueue(slot.RunAsync(program, request, CancellationToken.None).AsTask());
            if (outstanding.Count == inFlight)
            {
                await outstanding.Dequeue();
            }
        }

        await Task.WhenAll(outstanding);
    }

    private static async Task KillAsync(Ptorrent.Sandbox.Sandbox sandbox, TimeProvider time)
    {
        ReadOnlyMemory<byte> spinning = EndlessKernel();
        SandboxProgram endless = sandbox.Prepare(Kernel(spinning, TimeSpan.FromMilliseconds(10)));
        SandboxProgram honest = sandbox.Prepare(Kernel(spinning, TimeSpan.FromMinutes(1)) with { Name = "honest" });
        List<double> milliseconds = [];
        for (int i = 0; i < KillCount; i++)
        {
            Task<RunOutcome> killed = Run(sandbox, endless, 1);
            Task<RunOutcome> next = Run(sandbox, honest, 0);
            await killed;
            long killedAt = time.GetTimestamp();
            await next;
            milliseconds.Add(time.GetElapsedTime(killedAt).TotalMilliseconds);
            await Task.Delay(RestTime, time); // The next spare is ready by then, as between kills of a device's day.
        }

        milliseconds.Sort();
        Show("kill to the end of the next run, median", milliseconds[KillCount / 2], "ms");
        Show("kill to the end of the next run, worst", milliseconds[^1], "ms");
    }

    private static Task<RunOutcome> Run(Ptorrent.Sandbox.Sandbox sandbox, SandboxProgram program, long begin) =>
        sandbox.Slots[0].RunAsync(
            program, new RunRequest { Range = new IndexRange(begin, begin + 1) }, CancellationToken.None).AsTask();

    // (module (memory (export "memory") 1) (func (export "run") (param i64 i64)
    //   (if (i64.ne (local.get 0) (i64.const 0)) (then (loop (br 0))))))
    private static byte[] EndlessKernel() => Convert.FromHexString(
        "0061736d0100000001060160027e7e00030201000503010001071002066d656d6f727902000372756e00000a11010f00200042005204"
        + "4003400c000b0b0b");

    private static ProgramLoad Kernel(ReadOnlyMemory<byte> module, TimeSpan timeMax) => new()
    {
        Kind = ProgramKind.Kernel,
        Mode = RunMode.Range,
        Name = "endless",
        Code = module,
        Limits = new JobLimits { TimeMax = timeMax },
        Seed = new byte[ProgramLoad.SeedBytes],
    };

    private static ProgramLoad Script(string source, TimeSpan timeMax) => new()
    {
        Kind = ProgramKind.Script,
        Mode = RunMode.Item,
        Name = "small.js",
        Code = Encoding.UTF8.GetBytes(source),
        Limits = new JobLimits { TimeMax = timeMax },
        Seed = new byte[ProgramLoad.SeedBytes],
    };

    private static void Show(string what, double value, string unit) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {value:0.##} {unit}"));
}
