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

        await RunItemsAsync(sandbox, time, inputBytes: null);
        await RunItemsAsync(sandbox, time, inputBytes: 64);
        await HashAsync(sandbox, time);

        return 0;
    }

    /// <summary>1 KiB of output for each index, a thousand indices a run.</summary>
    private static async Task RunItemsAsync(Ptorrent.Sandbox.Sandbox sandbox, TimeProvider time, int? inputBytes)
    {
        const int ItemCount = 1000;
        SandboxProgram program = sandbox.Prepare(
            Kernel(WritingKernel(), TimeSpan.FromMinutes(1)) with { Mode = RunMode.Item, Name = "writing" });
        RunRequest request = new()
        {
            Range = new IndexRange(0, ItemCount),
            Inputs = inputBytes is { } bytes
                ? [.. Enumerable.Range(0, ItemCount).Select(_ => new RunInput("line", new byte[bytes]))]
                : [],
        };
        string what = inputBytes is null ? "1 KiB out, 1,000 a run" : "64 B in, 1 KiB out, 1,000 a run";
        await MeasureAsync(what, ItemCount, async count =>
            await RepeatAsync(sandbox.Slots[0], program, request, inFlight: 4, count), runCount: 2000, time);
    }

    private static async Task HashAsync(Ptorrent.Sandbox.Sandbox sandbox, TimeProvider time)
    {
        string module = Path.Combine(BenchPaths.Find().Samples, "hash.wasm");
        if (!File.Exists(module))
        {
            Console.WriteLine("1 MiB inputs hashed: left out, run node samples/build.mjs");
            return;
        }

        SandboxProgram program = sandbox.Prepare(
            Kernel(await File.ReadAllBytesAsync(module), TimeSpan.FromMinutes(1)) with
            {
                Mode = RunMode.Item,
                Name = "hash",
            });
        RunRequest request = new()
        {
            Range = new IndexRange(0, 1),
            Inputs = [new RunInput("large", new byte[1 << 20])],
        };
        await MeasureAsync("1 MiB inputs hashed", 1, async count =>
            await RepeatAsync(sandbox.Slots[0], program, request, inFlight: 4, count), runCount: 1000, time);
    }

    private static async Task MeasureAsync(
        string what, int itemCount, Func<int, Task> repeat, int runCount, TimeProvider time)
    {
        await repeat(runCount / 5);
        using Process self = Process.GetCurrentProcess();
        TimeSpan cpu = self.TotalProcessorTime;
        long allocated = GC.GetTotalAllocatedBytes();
        long startedAt = time.GetTimestamp();
        await repeat(runCount);
        TimeSpan took = time.GetElapsedTime(startedAt);
        self.Refresh();
        double items = (double)runCount * itemCount;
        Show(what, items / took.TotalSeconds, "a second");
        Show($"{what}: CPU of this side", (self.TotalProcessorTime - cpu).TotalMicroseconds / items, "us each");
        Show($"{what}: allocated", (GC.GetTotalAllocatedBytes() - allocated) / items, "bytes each");
    }

    private static async Task RunManyAsync(Ptorrent.Sandbox.Sandbox sandbox, TimeProvider time, int inFlight)
    {
        SandboxProgram program = sandbox.Prepare(Script("export default () => 'x';", TimeSpan.FromMinutes(1)));
        RunRequest request = new() { Range = new IndexRange(0, 1) };
        string what = string.Create(CultureInfo.InvariantCulture, $"small runs, {inFlight} in flight");
        await MeasureAsync(what, 1, async count =>
            await RepeatAsync(sandbox.Slots[0], program, request, inFlight, count), RunCount, time);
    }

    private static async Task RepeatAsync(
        ExecutorSlot slot, SandboxProgram program, RunRequest request, int inFlight, int count)
    {
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

    // (module (import "ptorrent" "write" (func (param i32 i32))) (memory (export "memory") 1)
    //   (func (export "run") (param i64 i64) (call 0 (i32.const 0) (i32.const 1024))))
    private static byte[] WritingKernel() => Convert.FromHexString(
        "0061736d01000000010b0260027f7f0060027e7e000212010870746f7272656e7405777269746500000302010105030100010710"
        + "02066d656d6f727902000372756e00010a0b010900410041800810000b");

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
