using Xunit;

namespace Ptorrent.Tests.Agent.Device;

public sealed class SteadyDeviceTests
{
    // Goal: what a fragment costs the device's memory does not depend on how many there are; a run costs little.
    // Method: the same number of runs of 10 and of 1,000 fragments, after the first ones; bytes that this thread
    // allocated. Commits and leases are in the figure.
    [Fact]
    public void Runs_InSteadyState_AllocateNothingForAFragment()
    {
        (long bytesOfFew, long few) = Measure(fragmentsPerRun: 10);
        (long bytesOfMany, long many) = Measure(fragmentsPerRun: 1000);

        Assert.True(many > 50 * few);
        Assert.InRange(bytesOfFew, 0, 300);
        Assert.InRange(bytesOfMany, 0, 300);
        Assert.InRange(bytesOfMany - bytesOfFew, -100, 100);
    }

    private static (long BytesPerRun, long Fragments) Measure(int fragmentsPerRun)
    {
        const int Runs = 4000;
        SteadyDevice device = new(slotCount: 4, fragmentsPerRun);
        device.Run(Runs);
        long fragments = device.FragmentCount;
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        device.Run(Runs);
        return ((GC.GetAllocatedBytesForCurrentThread() - bytes) / Runs, device.FragmentCount - fragments);
    }
}
