using System.Collections.Immutable;
using System.Globalization;
using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Bench;

/// <summary>The agent's decider alone: what a run costs it, with executors that answer at once.</summary>
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
        DeviceState device = new(new DeviceLimits(), slotCount, ComputeRate.Nominal);
        List<DeviceEffect> effects = [];
        Queue<LeaseId> runs = new();
        byte[] segment = "12345\n"u8.ToArray();
        JobId job = new(1);
        TimeSpan now = TimeSpan.Zero;
        Handle(new DeviceEvent.LinkOpened());
        long lease = 0;
        Grant();
        Handle(new DeviceEvent.ProgramReady(job));
        Grant();
        long begun = TimeProvider.System.GetTimestamp();
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < runCount; i++)
        {
            now += TimeSpan.FromMilliseconds(10.0 / slotCount);
            if (runs.Count < slotCount)
            {
                Grant();
            }

            Handle(new DeviceEvent.RunCompleted(
                runs.Dequeue(), segment, new Fuel(10_000_000), TimeSpan.FromMilliseconds(10)));
        }

        return (TimeProvider.System.GetElapsedTime(begun), GC.GetAllocatedBytesForCurrentThread() - bytes);

        void Grant()
        {
            long begin = lease * 1_000_000;
            lease++;
            Handle(new DeviceEvent.Granted(
                new Grant { Lease = lease, Job = job.Value, Begin = begin, End = begin + 1_000_000 },
                new JobDescription { Kind = 2, Mode = 1, Combine = (int)CombineKind.Lines }));
        }

        void Handle(DeviceEvent happened)
        {
            effects.Clear();
            device.Handle(now, happened, effects);
            List<LeaseNumber> sent = [];
            foreach (DeviceEffect effect in effects)
            {
                switch (effect)
                {
                    case DeviceEffect.StartRun run:
                        runs.Enqueue(run.Run);
                        break;
                    case DeviceEffect.Commit commit:
                        sent.Add(commit.Lease);
                        break;
                    default:
                        break;
                }
            }

            sent.ForEach(l => Handle(new DeviceEvent.CommitSent(l)));
        }
    }
}
