using System.Diagnostics;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Sandbox.Programs;

/// <summary>
/// The kernel that a core's rate is measured with: xorshift steps (George Marsaglia, "Xorshift RNGs", 2003), each with
/// a read, a multiplication and a write in 64 KiB of memory. Integers, so that every machine does the same work.
/// </summary>
internal static class ReferenceKernel
{
    /// <summary>The kernel's text, from which <see cref="Module"/> was assembled; a test assembles it again.</summary>
    internal const string Text = """
        (module
          (import "ptorrent" "write" (func $write (param i32 i32)))
          (memory (export "memory") 1 1)
          (func (export "run") (param $begin i64) (param $end i64)
            (local $i i64) (local $x i64) (local $at i32)
            (local.set $i (local.get $begin))
            (local.set $x (i64.const 88172645463325252))
            (loop $next
              (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
              (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
              (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))
              (local.set $at (i32.and (i32.wrap_i64 (local.get $x)) (i32.const 65528)))
              (i64.store (local.get $at) (i64.add (i64.load (local.get $at)) (i64.mul (local.get $x) (local.get $i))))
              (local.set $i (i64.add (local.get $i) (i64.const 1)))
              (br_if $next (i64.lt_u (local.get $i) (local.get $end))))
            (i64.store (i32.const 0) (local.get $x))
            (call $write (i32.const 0) (i32.const 8))))
        """;

    /// <summary>The assembled module.</summary>
    internal static readonly byte[] Module = Convert.FromHexString(
        "0061736d01000000010b0260027f7f0060027e7e000212010870746f7272656e7405777269746500"
        + "0003020101050401010101071002066d656d6f727902000372756e00010a6e016c02027e017f2000"
        + "210242c4f4fddddc91d09c012103034020032003420d868521032003200342078885210320032003"
        + "4211868521032003a741f8ff0371210420042004290300200320027e7c370300200242017c210220"
        + "022001540d000b410020033703004100410810000b");

    private const int ProbeCount = 8;
    private const long FirstCount = 1_000_000;
    private const long CountMax = 1L << 40;

    /// <summary>The kernel as a program.</summary>
    internal static ProgramLoad Load => new()
    {
        Kind = ProgramKind.Kernel,
        Mode = RunMode.Range,
        Name = "reference.wasm",
        Code = Module,
        Limits = new JobLimits
        {
            FuelMax = new Fuel(1_000_000),
            MemoryBytesMax = JobLimits.MemoryBytesLowest,
            OutputBytesMax = 1024,
            TimeMax = TimeSpan.FromSeconds(30),
        },
        Seed = new byte[ProgramLoad.SeedBytes],
    };

    /// <summary>
    /// Runs the kernel over ever longer ranges until one took its share of <paramref name="time"/>, repeats that one,
    /// and takes the fastest: the earlier ones hold the compiler's work, and any may have had to wait for other
    /// programs.
    /// </summary>
    /// <exception cref="SandboxException">The kernel, which cannot fail, failed.</exception>
    internal static async Task<ComputeRate> MeasureAsync(
        ExecutorSlot slot, SandboxProgram kernel, TimeSpan time, CancellationToken cancellation)
    {
        long count = FirstCount;
        RunOutcome.Completed probe = await ProbeAsync(slot, kernel, count, cancellation);
        while (probe.Busy < time / ProbeCount && count < CountMax)
        {
            count *= 2;
            probe = await ProbeAsync(slot, kernel, count, cancellation);
        }

        TimeSpan fastest = probe.Busy;
        for (int i = 1; i < ProbeCount; i++)
        {
            probe = await ProbeAsync(slot, kernel, count, cancellation);
            fastest = probe.Busy < fastest ? probe.Busy : fastest;
        }

        return new ComputeRate(Math.Max(1, probe.Burnt.Units / fastest.TotalSeconds));
    }

    private static async Task<RunOutcome.Completed> ProbeAsync(
        ExecutorSlot slot, SandboxProgram kernel, long count, CancellationToken cancellation)
    {
        RunRequest request = new() { Range = new IndexRange(0, count) };
        return await slot.RunAsync(kernel, request, cancellation) switch
        {
            RunOutcome.Completed completed => completed,
            RunOutcome.Failed failed => throw new SandboxException(
                $"The executor fails the reference kernel: {failed.Failure.Code}, {failed.Failure.Message}"),
            _ => throw new UnreachableException(),
        };
    }
}
