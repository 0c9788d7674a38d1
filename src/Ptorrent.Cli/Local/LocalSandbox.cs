using Microsoft.Extensions.Logging;
using Ptorrent.Cli.Hosting;
using Ptorrent.Sandbox;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;

namespace Ptorrent.Cli.Local;

/// <summary>Starts executors for a local run.</summary>
internal static class LocalSandbox
{
    public static Task<ExecutorSandbox> StartAsync(
        int slotCount, ILoggerFactory loggers, TimeProvider time, CancellationToken stop)
    {
        RuntimeFiles files = RuntimeFiles.Find();
        SandboxOptions options = new()
        {
            RuntimePath = files.RuntimePath,
            ExecutorPath = files.ExecutorPath,
            SlotCount = slotCount,
            SpareCount = 0,

            // Only a network needs to know how fast a slot is before it has run anything.
            RateTime = TimeSpan.Zero,
        };
        return ExecutorSandbox.StartAsync(options, loggers, time, stop);
    }
}
