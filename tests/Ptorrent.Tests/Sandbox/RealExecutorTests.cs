using System.Diagnostics;
using System.Text;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;
using Ptorrent.Sandbox.Programs;
using Xunit;

namespace Ptorrent.Tests.Sandbox;

// Goal: the sandbox, the metering and the executor fit together.
public sealed class RealExecutorTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Run_ReferenceKernel_BurnsTheSameFuelEachTime()
    {
        await using Ptorrent.Sandbox.Sandbox sandbox = await SandboxSetup.StartRealAsync(slots: 2);
        SandboxProgram kernel = sandbox.Prepare(ReferenceKernel.Load);
        List<RunOutcome.Completed> outcomes = [];
        foreach (ExecutorSlot slot in sandbox.Slots)
        {
            outcomes.Add(Assert.IsType<RunOutcome.Completed>(
                await slot.RunAsync(kernel, SandboxSetup.Range(0, 1_000_000), CancellationToken.None)));
        }

        output.WriteLine($"{sandbox.Rate.FuelPerSecond:e2} fuel a second; {outcomes[0].Burnt} in {outcomes[0].Busy}");
        Assert.Equal(outcomes[0].Burnt, outcomes[1].Burnt);
        Assert.Equal(SandboxSetup.TextOf(outcomes[0]), SandboxSetup.TextOf(outcomes[1]));
        Assert.InRange(sandbox.Rate.FuelPerSecond, 1e7, 1e11);
    }
}
