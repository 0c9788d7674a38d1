using System.Diagnostics;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;
using Xunit;

namespace Ptorrent.Tests.Sandbox;

// Goal: whatever an executor does, the caller gets the right outcome, and the runs behind it are not lost.
// Method: a real process with real walls, whose script misbehaves to order.
public sealed class ExecutorSlotTests
{
    private const string Echo = "{}";

    [Fact]
    public async Task Run_RangeMode_GivesOneOutput()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        RunOutcome outcome = await RunAsync(sandbox, SandboxSetup.Fake(Echo), 3, 9);

        Assert.Equal("3..9", SandboxSetup.TextOf(outcome));
        Assert.Equal(new Fuel(10), ((RunOutcome.Completed)outcome).Burnt);
        Assert.InRange(outcome.Busy, TimeSpan.Zero, TimeSpan.FromMicroseconds(5));
    }

    [Fact]
    public async Task Run_ItemMode_GivesOneSegment()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = SandboxSetup.Fake(Echo, mode: RunMode.Item);

        Assert.Equal("3,4,5", SandboxSetup.TextOf(await RunAsync(sandbox, program, 3, 6)));
    }

    [Fact]
    public async Task Run_ManyAtOnceOfManyPrograms_AnswersInOrder()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync(
            o => o with { ProgramCountMax = 2, RunsInFlightMax = 4 });
        SandboxProgram[] programs = [.. Enumerable.Range(0, 5).Select(_ => SandboxSetup.Fake(Echo))];
        List<int> order = [];
        Task[] runs = [.. Enumerable.Range(0, 200).Select(Ordered)];
        await Task.WhenAll(runs).WaitAsync(SandboxSetup.Patience);

        Assert.Equal(Enumerable.Range(0, 200), order.Order());
        Assert.Equal(0, sandbox.Slots[0].ReplacedCount);

        async Task Ordered(int i)
        {
            RunOutcome outcome = await RunAsync(sandbox, programs[i % programs.Length], i, i + 1);
            Assert.Equal($"{i}..{i + 1}", SandboxSetup.TextOf(outcome));
            lock (order)
            {
                order.Add(i);
            }
        }
    }

    [Fact]
    public async Task Run_LargeInput_ArrivesWhole()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        RunRequest request = SandboxSetup.Range(0, 1) with { Inputs = [new RunInput("large", new byte[20_000_000])] };
        RunOutcome outcome = await sandbox.Slots[0]
            .RunAsync(SandboxSetup.Fake(Echo), request, CancellationToken.None).AsTask()
            .WaitAsync(SandboxSetup.Patience);

        Assert.Equal("0..1 20000000", SandboxSetup.TextOf(outcome));
    }

    [Fact]
    public async Task Merge_Parts_AreCombined()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        MergeRequest request = new() { Parts = ["a"u8.ToArray(), "b"u8.ToArray(), "c"u8.ToArray()] };
        RunOutcome outcome = await sandbox.Slots[0].MergeAsync(
            SandboxSetup.Fake(Echo), request, CancellationToken.None);

        Assert.Equal("a+b+c", SandboxSetup.TextOf(outcome));
    }

    [Fact]
    public async Task Run_ProgramFails_TellsWhereAndWhyWithoutControlCharacters()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        ProgramFailure failure = SandboxSetup.FailureOf(
            await RunAsync(sandbox, SandboxSetup.Fake("""{"otherwise":"fail"}"""), 4, 5));

        Assert.Equal(new ProgramFailure(4, TrapCode.Unreachable, "failed\uFFFDon purpose", new Fuel(7)), failure);
        Assert.Equal(0, sandbox.Slots[0].ReplacedCount);
    }

    [Fact]
    public async Task Run_LoadRefused_FailsWithTheReasonAndTheNextProgramRuns()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram refused = SandboxSetup.Fake("""{"load":"refuse"}""");
        Task<RunOutcome> first = RunAsync(sandbox, refused, 0, 1);
        Task<RunOutcome> second = RunAsync(sandbox, refused, 1, 2);
        Task<RunOutcome> other = RunAsync(sandbox, SandboxSetup.Fake(Echo), 2, 3);

        Assert.Equal("refused on purpose", SandboxSetup.FailureOf(await first).Message);
        Assert.Equal(TrapCode.LoadFailed, SandboxSetup.FailureOf(await second).Code);
        Assert.Equal("2..3", SandboxSetup.TextOf(await other));
        Assert.Equal(0, sandbox.Slots[0].ReplacedCount);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("huge")]
    [InlineData("cut")]
    [InlineData("ready again")]
    [InlineData("unknown type")]
    [InlineData("too much")]
    [InlineData("wrong run")]
    [InlineData("fail elsewhere")]
    [InlineData("bad trap")]
    [InlineData("too much fuel")]
    public async Task Run_ExecutorSpeaksNonsense_FailsAndTheNextRunsGoOn(string nonsense)
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = SandboxSetup.Fake(
            "{\"runs\":{\"1\":\"" + nonsense + "\"}}", limits: new JobLimits { OutputBytesMax = 1000 });
        Task<RunOutcome> before = RunAsync(sandbox, program, 0, 1);
        Task<RunOutcome> blamed = RunAsync(sandbox, program, 1, 2);
        Task<RunOutcome> behind = RunAsync(sandbox, program, 2, 3);

        Assert.Equal("0..1", SandboxSetup.TextOf(await before));
        ProgramFailure failure = SandboxSetup.FailureOf(await blamed);
        Assert.Equal(TrapCode.ProcessCrashed, failure.Code);
        Assert.Equal(1, failure.Index);
        Assert.Contains("broke its protocol", failure.Message, StringComparison.Ordinal);
        Assert.Equal("2..3", SandboxSetup.TextOf(await behind));
        Assert.Equal(1, sandbox.Slots[0].ReplacedCount);
    }

    [Theory]
    [InlineData("""{"runs":{"1":"hang"}}""")]
    [InlineData("""{"runs":{"1":"spin"}}""")]
    public async Task Run_TakesTooLong_IsKilledAndTheNextRunsGoOn(string code)
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        JobLimits limits = new() { TimeMax = TimeSpan.FromMilliseconds(200) };
        SandboxProgram program = SandboxSetup.Fake(code, limits: limits);
        Task<RunOutcome> before = RunAsync(sandbox, program, 0, 1);
        Task<RunOutcome> blamed = RunAsync(sandbox, program, 1, 2);
        Task<RunOutcome> behind = RunAsync(sandbox, program, 2, 3);

        Assert.Equal("0..1", SandboxSetup.TextOf(await before));
        RunOutcome outcome = await blamed;
        Assert.Equal(TrapCode.TimeExhausted, SandboxSetup.FailureOf(outcome).Code);
        Assert.True(outcome.Busy >= TimeSpan.FromMilliseconds(200));
        Assert.Equal("2..3", SandboxSetup.TextOf(await behind));
    }

    [Fact]
    public async Task Run_ScriptTakesLongerThanItsFuel_EndsAsFuelExhausted()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        JobLimits limits = new() { FuelMax = new Fuel((long)(ComputeRate.Nominal.FuelPerSecond / 10)) };
        SandboxProgram program = SandboxSetup.Fake("""{"otherwise":"hang"}""", ProgramKind.Script, limits: limits);
        ProgramFailure failure = SandboxSetup.FailureOf(await RunAsync(sandbox, program, 0, 1));

        Assert.Equal(TrapCode.FuelExhausted, failure.Code);
        Assert.Equal(limits.FuelMax, failure.Burnt);
    }

    [Fact]
    public async Task Run_LoadingTakesTooLong_Fails()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync(
            o => o with { LoadTimeMax = TimeSpan.FromMilliseconds(200) });
        Task<RunOutcome> blamed = RunAsync(sandbox, SandboxSetup.Fake("""{"load":"hang"}"""), 1, 2);
        Task<RunOutcome> behind = RunAsync(sandbox, SandboxSetup.Fake(Echo), 2, 3);

        Assert.Contains("Loading", SandboxSetup.FailureOf(await blamed).Message, StringComparison.Ordinal);
        Assert.Equal("2..3", SandboxSetup.TextOf(await behind));
    }

    [Fact]
    public async Task Run_ProcessEndsTwiceUnderIt_IsBlamed()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = SandboxSetup.Fake("""{"runs":{"1":"exit"}}""");
        Task<RunOutcome> blamed = RunAsync(sandbox, program, 1, 2);
        Task<RunOutcome> behind = RunAsync(sandbox, program, 2, 3);

        ProgramFailure failure = SandboxSetup.FailureOf(await blamed);
        Assert.Equal(TrapCode.ProcessCrashed, failure.Code);
        Assert.Contains("exit code 3", failure.Message, StringComparison.Ordinal);
        Assert.Equal("2..3", SandboxSetup.TextOf(await behind));
        Assert.Equal(2, sandbox.Slots[0].ReplacedCount);
    }

    [Fact]
    public async Task Run_OutOfMemory_IsToldAsSuchAtOnce()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        ProgramFailure failure = SandboxSetup.FailureOf(
            await RunAsync(sandbox, SandboxSetup.Fake("""{"otherwise":"oom"}"""), 0, 1));

        Assert.Equal(TrapCode.MemoryExhausted, failure.Code);
        Assert.Equal(1, sandbox.Slots[0].ReplacedCount);
    }

    [Fact]
    public async Task Run_ProcessKilledFromOutsideOnce_IsRepeatedSilently()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = SandboxSetup.Fake("""{"runs":{"1":"slow"}}""");
        Task<RunOutcome> before = RunAsync(sandbox, program, 0, 1);
        Task<RunOutcome> head = RunAsync(sandbox, program, 1, 2);
        Task<RunOutcome> behind = RunAsync(sandbox, program, 2, 3);
        await before;
        Kill(sandbox.Slots[0]);

        Assert.Equal("1..2", SandboxSetup.TextOf(await head.WaitAsync(SandboxSetup.Patience)));
        Assert.Equal("2..3", SandboxSetup.TextOf(await behind));
        Assert.Equal(1, sandbox.Slots[0].ReplacedCount);
    }

    [Fact]
    public async Task Run_ErrorsFloodTheTerminal_AreReadAndForgotten()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        RunOutcome outcome = await RunAsync(sandbox, SandboxSetup.Fake("""{"otherwise":"noise"}"""), 0, 1);

        Assert.Equal("0..1", SandboxSetup.TextOf(outcome));
    }

    [Fact]
    public async Task Run_CancelledBeforeItBegan_IsDropped()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync(
            o => o with { RunsInFlightMax = 1 });
        SandboxProgram program = SandboxSetup.Fake("""{"runs":{"0":"slow","1":"exit"}}""");
        using CancellationTokenSource cancel = new();
        Task<RunOutcome> first = RunAsync(sandbox, program, 0, 1);
        Task<RunOutcome> dropped = sandbox.Slots[0].RunAsync(program, SandboxSetup.Range(1, 2), cancel.Token).AsTask();
        Task<RunOutcome> last = RunAsync(sandbox, program, 2, 3);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dropped);
        Assert.Equal("0..1", SandboxSetup.TextOf(await first));
        Assert.Equal("2..3", SandboxSetup.TextOf(await last));
        Assert.Equal(0, sandbox.Slots[0].ReplacedCount);
    }

    [Fact]
    public async Task Run_CancelledWhileItHangs_IsKilledAndTheNextRunsGoOn()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = SandboxSetup.Fake("""{"runs":{"1":"hang"}}""");
        using CancellationTokenSource cancel = new();
        Task<RunOutcome> before = RunAsync(sandbox, program, 0, 1);
        Task<RunOutcome> hanging = sandbox.Slots[0].RunAsync(program, SandboxSetup.Range(1, 2), cancel.Token).AsTask();
        Task<RunOutcome> behind = RunAsync(sandbox, program, 2, 3);
        await before;
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
        Assert.Equal("2..3", SandboxSetup.TextOf(await behind.WaitAsync(SandboxSetup.Patience)));
        Assert.Equal(1, sandbox.Slots[0].ReplacedCount);
    }

    [Fact]
    public async Task Run_AnotherProgramAfterAScript_GetsAProcessThatTheScriptNeverSaw()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        ExecutorSlot slot = sandbox.Slots[0];
        SandboxProgram first = SandboxSetup.Fake(Echo, ProgramKind.Script);
        SandboxProgram second = SandboxSetup.Fake(Echo, ProgramKind.Script);
        await RunAsync(sandbox, first, 0, 1);
        int? firstProcess = slot.ProcessId;
        await RunAsync(sandbox, first, 1, 2);
        Assert.Equal(firstProcess, slot.ProcessId);
        await RunAsync(sandbox, second, 2, 3);
        int? secondProcess = slot.ProcessId;
        await RunAsync(sandbox, SandboxSetup.Fake(Echo), 3, 4);

        Assert.NotEqual(firstProcess, secondProcess);
        Assert.NotEqual(secondProcess, slot.ProcessId);
    }

    [Fact]
    public async Task Dispose_RunsUnderWay_EndWithASandboxException()
    {
        Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        Task<RunOutcome> hanging = RunAsync(sandbox, SandboxSetup.Fake("""{"otherwise":"hang"}"""), 0, 1);
        int process = sandbox.Slots[0].ProcessId ?? 0;
        await sandbox.DisposeAsync();

        await Assert.ThrowsAsync<SandboxException>(() => hanging);
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(process));
    }

    private static Task<RunOutcome> RunAsync(
        Ptorrent.Sandbox.Sandbox sandbox, SandboxProgram program, long begin, long end) =>
        sandbox.Slots[0].RunAsync(program, SandboxSetup.Range(begin, end), CancellationToken.None).AsTask()
            .WaitAsync(SandboxSetup.Patience);

    private static void Kill(ExecutorSlot slot)
    {
        using Process process = Process.GetProcessById(slot.ProcessId ?? 0);
        process.Kill();
    }
}
