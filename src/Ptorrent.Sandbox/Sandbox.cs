using Microsoft.Extensions.Logging;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox.Processes;
using Ptorrent.Sandbox.Programs;
using Ptorrent.Sandbox.Walls;

namespace Ptorrent.Sandbox;

/// <summary>
/// Runs strangers' programs: a fixed number of slots, each with one executor process that may do nothing but compute
/// (docs/design/sandbox.md). Safe for several threads.
/// </summary>
public sealed partial class Sandbox : IAsyncDisposable
{
    private readonly SandboxOptions _options;
    private readonly LaunchThread _launch;
    private readonly ProcessPool _pool;
    private readonly string _emptyFolder;
    private readonly ILogger<Sandbox> _logger;
    private readonly ExecutorSlot[] _slots;

    private Sandbox(
        SandboxOptions options, LaunchThread launch, ProcessPool pool, SandboxWalls walls, string emptyFolder,
        ILoggerFactory loggers, TimeProvider time)
    {
        _options = options;
        _launch = launch;
        _pool = pool;
        _emptyFolder = emptyFolder;
        _logger = loggers.CreateLogger<Sandbox>();
        Walls = walls;
        _slots = new ExecutorSlot[options.SlotCount];
        for (int i = 0; i < _slots.Length; i++)
        {
            _slots[i] = new ExecutorSlot(i, options, pool, time, loggers);
        }
    }

    /// <summary>The slots, as many as <see cref="SandboxOptions.SlotCount"/>.</summary>
    public IReadOnlyList<ExecutorSlot> Slots => _slots;

    /// <summary>How fast one slot computes, measured when the sandbox started.</summary>
    public ComputeRate Rate { get; private set; } = ComputeRate.Nominal;

    /// <summary>What stands around the executors, and what to tell the user once where something is missing.</summary>
    public SandboxWalls Walls { get; }

    /// <summary>Starts the executors, finds out which walls stand, and measures the rate.</summary>
    /// <param name="options">Validated here.</param>
    /// <param name="loggers">Where to tell of executors that come and go.</param>
    /// <param name="time">Real time: processes live in it.</param>
    /// <param name="cancellation">Gives up; what was started is put away.</param>
    /// <exception cref="RefusedException">An option is wrong.</exception>
    /// <exception cref="SandboxException">No executor can be started, or it does not work.</exception>
    public static async Task<Sandbox> StartAsync(
        SandboxOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellation)
    {
        options.Validate();
        string emptyFolder = MakeEmptyFolder();
        LaunchThread launch = new();
        Sandbox? sandbox = null;
        bool isStarted = false;
        try
        {
            WallTools found = WallTools.Find();
            if (options.UseBubblewrap && found.Bubblewrap is not null)
            {
                IReadOnlyList<string> libraries = await RuntimeLibraries.FindAsync(options.RuntimePath, cancellation);
                found = found with { Libraries = libraries };
            }

            ProcessPool? working = null;
            SandboxWalls walls = await WallsProbe.FindAsync(found, options, async tools =>
            {
                ProcessPool pool = new(options, tools, emptyFolder, launch, loggers, time);
                working = await pool.ProbeAsync(cancellation);
            });

            // Set wherever the probe ended well.
            sandbox = new Sandbox(options, launch, working!, walls, emptyFolder, loggers, time);
            await sandbox.BeginAsync(cancellation);
            isStarted = true;
            return sandbox;
        }
        finally
        {
            if (!isStarted)
            {
                await (sandbox?.DisposeAsync() ?? PutAwayAsync(launch, emptyFolder));
            }
        }
    }

    /// <summary>Checks a program and makes it ready to run: pure work, no executor is asked.</summary>
    /// <param name="load">The program; its code is neither copied nor changed.</param>
    /// <returns>For all slots of this sandbox.</returns>
    /// <exception cref="RefusedException">It can never run here: no module or a broken one (MalformedModule), a feature
    /// or import that is not offered (UnsupportedModule, UnknownImport), a missing export (MissingExport), more memory
    /// than this device gives (TooMuchMemory), no text (MalformedScript).</exception>
    public SandboxProgram Prepare(ProgramLoad load) =>
        ProgramPreparation.Prepare(load, _options.ProcessMemoryBytesMax);

    /// <summary>Kills all executors. Runs under way end with a <see cref="SandboxException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (ExecutorSlot slot in _slots)
        {
            await slot.StopAsync();
        }

        await _pool.DisposeAsync();
        await PutAwayAsync(_launch, _emptyFolder);
    }

    private static string MakeEmptyFolder()
    {
        string folder = Directory.CreateTempSubdirectory("ptorrent-executor-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return folder;
    }

    private static async ValueTask PutAwayAsync(LaunchThread launch, string emptyFolder)
    {
        await launch.DisposeAsync();
        Directory.Delete(emptyFolder, recursive: true);
    }

    private async Task BeginAsync(CancellationToken cancellation)
    {
        await Task.WhenAll(_slots.Select(static slot => slot.StartAsync()));
        if (_options.RateTime > TimeSpan.Zero)
        {
            Rate = await ReferenceKernel.MeasureAsync(
                _slots[0], Prepare(ReferenceKernel.Load), _options.RateTime, cancellation);
        }

        foreach (ExecutorSlot slot in _slots)
        {
            slot.Rate = Rate;
        }

        _pool.KeepSpares();
        LogStarted(
            _slots.Length, Walls.HasBubblewrap, Walls.HasResourceLimits, Walls.EndsWithAgent, Rate.FuelPerSecond);
    }

    [LoggerMessage(EventId = 6000, Level = LogLevel.Information,
        Message = "Sandbox: {SlotCount} slots; bubblewrap {HasBubblewrap}, limits {HasResourceLimits}, ends with agent "
            + "{EndsWithAgent}; {FuelPerSecond:0} fuel a second")]
    private partial void LogStarted(
        int slotCount, bool hasBubblewrap, bool hasResourceLimits, bool endsWithAgent, double fuelPerSecond);
}
