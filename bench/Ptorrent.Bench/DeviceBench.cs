using System.Collections.Immutable;
using System.Globalization;
using Ptorrent.Tests.Agent.Device;

namespace Ptorrent.Bench;

/// <summary>The agent's deciders alone, of the device and of its cores: what a run costs them, with executors
/// that answer at once.</summary>
internal static class DeviceBench
{
    private const int RunCount = 200_000;

    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        int slotCount = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 16;
        Measure(slotCount, RunCount / 10);
        (TimeSpan time, long bytes) = Measure(slotCount, RunCount);
        await Console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{slotCount} slots: {time.TotalMicroseconds / RunCount:0.00} us and {bytes / RunCount} bytes a run"));
        return 0;
    }

    private static (TimeSpan Time, long Bytes) Measure(int slotCount, int runCount)
    {
        SteadyDevice rig = new(slotCount, fragmentsPerRun: 1000);
        rig.Run(runCount / 100);
        long begun = TimeProvider.System.GetTimestamp();
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        rig.Run(runCount);
        return (TimeProvider.System.GetElapsedTime(begun), GC.GetAllocatedBytesForCurrentThread() - bytes);
    }
}
