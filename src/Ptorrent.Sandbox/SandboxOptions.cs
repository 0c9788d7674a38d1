using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Sandbox;

/// <summary>How many executors there are, what they are made of, and what bounds them.</summary>
public sealed record SandboxOptions
{
    private const int SlotCountHighest = 1024;
    private const int SpareCountHighest = 64;
    private const int NiceHighest = 19;

    /// <summary>The Deno binary. An existing file.</summary>
    public required string RuntimePath { get; init; }

    /// <summary>The executor's script, <c>executor.js</c>. An existing file.</summary>
    public required string ExecutorPath { get; init; }

    /// <summary>Executors that run at the same time, one core each. 1 to 1,024.</summary>
    public required int SlotCount { get; init; }

    /// <summary>Executors that wait, started, to replace one that was killed. Default 1; 0 to 64.</summary>
    public int SpareCount { get; init; } = 1;

    /// <summary>Whether executors are put into bubblewrap where it is installed and works. Default true.</summary>
    public bool UseBubblewrap { get; init; } = true;

    /// <summary>
    /// The largest memory limit of a program that is accepted here, in bytes, and the sum of the limits of the programs
    /// that one executor keeps. Default 4 GiB; 64 KiB to 4 GiB.
    /// </summary>
    public long ProcessMemoryBytesMax { get; init; } = JobLimits.MemoryBytesHighest;

    /// <summary>
    /// How far executors stand back behind the other programs of the machine, as a Unix nice value. Default 10; 0 to
    /// 19.
    /// </summary>
    public int Nice { get; init; } = 10;

    /// <summary>Programs that one executor keeps loaded; the one used longest ago goes first. Default 8; 1 to 256.
    /// </summary>
    public int ProgramCountMax { get; init; } = 8;

    /// <summary>
    /// Runs that are sent to an executor before the first of them is answered; further ones wait in the slot. Default
    /// 8; 1 to 256.
    /// </summary>
    public int RunsInFlightMax { get; init; } = 8;

    /// <summary>
    /// Bytes of inputs that are sent to an executor before they are answered for; one run may have more. Default 64
    /// MiB.
    /// </summary>
    public long BytesInFlightMax { get; init; } = 64L << 20;

    /// <summary>Runs that one slot accepts before the first of them has ended. Default 256; 1 to 4,096.</summary>
    public int RunsWaitingMax { get; init; } = 256;

    /// <summary>From starting a process to its first frame. Default 15 s.</summary>
    public TimeSpan StartTimeMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For compiling a program, its start function included. Default 60 s.</summary>
    public TimeSpan LoadTimeMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a cancelled run that has begun may go on before its process is killed. Default 100 ms: runs are cut to
    /// 80 ms, and to start another process takes a quarter of a second of a core.
    /// </summary>
    public TimeSpan CancelTimeMax { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the rate is measured at the start, about. Default 50 ms; zero leaves the nominal
    /// rate.</summary>
    public TimeSpan RateTime { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The first rule that these options break.</summary>
    /// <exception cref="RefusedException">A value is outside its bounds, or a file does not exist.</exception>
    public void Validate()
    {
        CheckFile("runtime", RuntimePath, "Install the Deno runtime: npm ci in the program's folder");
        CheckFile("executor", ExecutorPath, "Build the executor: npm run build in the program's folder");
        CheckBetween("slots", SlotCount, 1, SlotCountHighest);
        CheckBetween("spares", SpareCount, 0, SpareCountHighest);
        CheckBetween("memory", ProcessMemoryBytesMax, JobLimits.MemoryBytesLowest, JobLimits.MemoryBytesHighest);
        CheckBetween("nice", Nice, 0, NiceHighest);
        CheckBetween("programs", ProgramCountMax, 1, 256);
        CheckBetween("runs in flight", RunsInFlightMax, 1, 256);
        CheckBetween("bytes in flight", BytesInFlightMax, 1, long.MaxValue);
        CheckBetween("runs waiting", RunsWaitingMax, 1, 4096);
        CheckTime("start time", StartTimeMax, TimeSpan.FromMilliseconds(1));
        CheckTime("load time", LoadTimeMax, TimeSpan.FromMilliseconds(1));
        CheckTime("cancel time", CancelTimeMax, TimeSpan.Zero);
        CheckTime("rate time", RateTime, TimeSpan.Zero);
    }

    private static void CheckFile(string field, string path, string remedy)
    {
        if (!File.Exists(path))
        {
            throw new RefusedException(new Refusal(RefusalCode.NotFound, field, path, "there is no such file", remedy));
        }
    }

    private static void CheckBetween(string field, long value, long min, long max)
    {
        if (value < min || value > max)
        {
            throw new RefusedException(
                new Refusal(RefusalCode.InvalidValue, field, $"{value}", $"it is from {min} to {max}", string.Empty));
        }
    }

    private static void CheckTime(string field, TimeSpan value, TimeSpan min)
    {
        if (value < min || value > TimeSpan.FromDays(1))
        {
            throw new RefusedException(
                new Refusal(RefusalCode.InvalidValue, field, $"{value}", $"it is from {min} to one day", string.Empty));
        }
    }
}
