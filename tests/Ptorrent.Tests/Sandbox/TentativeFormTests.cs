using System.Text;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Sandbox;
using Ptorrent.Sandbox.Programs;
using Xunit;

namespace Ptorrent.Tests.Sandbox;

// Goal: however a run of a tentative form ends badly, what the caller gets is the exact form's outcome.
// Method: the fake executor, which loads two scripts of behaviour as the two forms of one program.
public sealed class TentativeFormTests
{
    private const string Echo = "{}";

    private static readonly JobLimits Limits =
        new() { TimeMax = TimeSpan.FromSeconds(1), OutputBytesMax = 1000 };

    [Theory]
    [InlineData("fail")]
    [InlineData("hang")]
    [InlineData("exit")]
    [InlineData("oom")]
    [InlineData("garbage")]
    [InlineData("too much")]
    [InlineData("bad trap")]
    public async Task Run_EndsBadlyInTheTentativeForm_IsRepeatedWithTheExactOne(string action)
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = Program("{\"runs\":{\"1\":\"" + action + "\"}}", Echo);
        Task<RunOutcome>[] runs = [.. Enumerable.Range(0, 4).Select(i => RunAsync(sandbox, program, i))];
        for (int i = 0; i < runs.Length; i++)
        {
            Assert.Equal($"{i}..{i + 1}", SandboxSetup.TextOf(await runs[i]));
        }

        Assert.False(program.Form.IsTentative);
    }

    [Theory]
    [InlineData("refuse")]
    [InlineData("exit")]
    public async Task Run_TentativeFormCannotBeLoaded_IsRepeatedWithTheExactOne(string action)
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = Program("{\"load\":\"" + action + "\"}", Echo);
        Task<RunOutcome>[] runs = [.. Enumerable.Range(0, 3).Select(i => RunAsync(sandbox, program, i))];
        for (int i = 0; i < runs.Length; i++)
        {
            Assert.Equal($"{i}..{i + 1}", SandboxSetup.TextOf(await runs[i]));
        }
    }

    [Fact]
    public async Task Run_FailsInBothForms_FailsAsTheExactOneDoes()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = Program("""{"load":"refuse"}""", """{"otherwise":"fail"}""");
        ProgramFailure failure = SandboxSetup.FailureOf(await RunAsync(sandbox, program, 5));

        Assert.Equal(TrapCode.Unreachable, failure.Code);
        Assert.Equal(5, failure.Index);
        Assert.Equal(0, sandbox.Slots[0].ReplacedCount);
    }

    [Fact]
    public async Task Run_EndsWell_StaysWithTheTentativeForm()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = Program(Echo, """{"otherwise":"fail"}""");

        Assert.Equal("3..4", SandboxSetup.TextOf(await RunAsync(sandbox, program, 3)));
        Assert.True(program.Form.IsTentative);
    }

    [Fact]
    public async Task Run_OfTheProgramForAnotherJob_IsRepeatedAsWell()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        SandboxProgram program = Program("""{"otherwise":"fail"}""", Echo).ForAnotherJob();

        Assert.True(program.Form.IsTentative);
        Assert.Equal("3..4", SandboxSetup.TextOf(await RunAsync(sandbox, program, 3)));
    }

    [Fact]
    public async Task Run_OnAnotherSlotAfterARepetition_GetsTheExactForm()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox =
            await SandboxSetup.StartFakeAsync(options => options with { SlotCount = 2 });
        SandboxProgram program = Program("""{"runs":{"1":"fail"},"otherwise":"echo"}""", Echo);
        Assert.Equal("7..8", SandboxSetup.TextOf(await RunAsync(sandbox, program, 7, slot: 1)));
        Assert.True(program.Form.IsTentative);
        Assert.Equal("1..2", SandboxSetup.TextOf(await RunAsync(sandbox, program, 1)));
        Assert.Equal("8..9", SandboxSetup.TextOf(await RunAsync(sandbox, program, 8, slot: 1)));

        Assert.False(program.Form.IsTentative);
        Assert.Equal(0, sandbox.Slots[1].ReplacedCount);
    }

    [Fact]
    public async Task Run_CancelledWhileTheExactFormIsMade_IsDropped()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ManualResetEventSlim mayEnd = new();
        SandboxProgram program = Program("""{"otherwise":"fail"}""", () =>
        {
            begun.SetResult();
            mayEnd.Wait(SandboxSetup.Patience);
            return Encoding.UTF8.GetBytes(Echo);
        });
        using CancellationTokenSource cancel = new();
        Task<RunOutcome> dropped = sandbox.Slots[0].RunAsync(program, SandboxSetup.Range(1, 2), cancel.Token).AsTask();
        await begun.Task.WaitAsync(SandboxSetup.Patience);
        Task<RunOutcome> behind = RunAsync(sandbox, program, 2);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dropped);
        mayEnd.Set();

        Assert.Equal("2..3", SandboxSetup.TextOf(await behind));
    }

    [Fact]
    public async Task Dispose_WhileTheExactFormIsMade_EndsTheRunWithASandboxException()
    {
        Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartFakeAsync();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ManualResetEventSlim mayEnd = new();
        SandboxProgram program = Program("""{"otherwise":"fail"}""", () =>
        {
            begun.SetResult();
            mayEnd.Wait(SandboxSetup.Patience);
            return Encoding.UTF8.GetBytes(Echo);
        });
        Task<RunOutcome> run = RunAsync(sandbox, program, 1);
        await begun.Task.WaitAsync(SandboxSetup.Patience);
        Task disposing = sandbox.DisposeAsync().AsTask();
        mayEnd.Set();
        await disposing;

        await Assert.ThrowsAsync<SandboxException>(() => run);
    }

    private static SandboxProgram Program(string tentative, string exact) =>
        Program(tentative, () => Encoding.UTF8.GetBytes(exact));

    private static SandboxProgram Program(string tentative, Func<ReadOnlyMemory<byte>> makeExact)
    {
        ProgramLoad load = SandboxSetup.Fake(tentative, limits: Limits).Load;
        return new SandboxProgram(load, new ProgramForm(load.Code, IsTentative: true), makeExact);
    }

    private static Task<RunOutcome> RunAsync(
        Ptorrent.Sandbox.Sandbox sandbox, SandboxProgram program, long begin, int slot = 0) =>
        sandbox.Slots[slot].RunAsync(program, SandboxSetup.Range(begin, begin + 1), CancellationToken.None).AsTask()
            .WaitAsync(SandboxSetup.Patience);
}
