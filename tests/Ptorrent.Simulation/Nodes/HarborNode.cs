using Ptorrent.Harbor.Admission;
using Ptorrent.Harbor.State;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Network;
using Ptorrent.Simulation.Workload;

namespace Ptorrent.Simulation.Nodes;

/// <summary>The machine on which the harbor runs: its disk, its clock, and the process, which comes and goes.</summary>
internal sealed class HarborNode
{
    private static readonly DateTimeOffset Began = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly World _world;
    private HarborProcess? _process;

    public HarborNode(World world, Disk disk)
    {
        _world = world;
        Disk = disk;
    }

    /// <summary>The harbor's id; it is on the disk.</summary>
    public static HarborId Id { get; } = new(0x4A_8B);

    /// <summary>Its disk.</summary>
    public Disk Disk { get; }

    /// <summary>How far its wall clock is from the world's time; it may jump.</summary>
    public TimeSpan ClockOffset { get; set; }

    /// <summary>What its wall clock shows.</summary>
    public DateTimeOffset WallClock => Began + _world.Schedule.Now + ClockOffset;

    /// <summary>Whether it runs.</summary>
    public bool IsUp => _process is not null;

    /// <summary>The process that runs, or null.</summary>
    public HarborProcess? Process => _process;

    /// <summary>Starts the process.</summary>
    public void Start()
    {
        Disk.Open();
        _world.Trace.Note("harbor", "starts", Disk.Epoch, Disk.Durable.Count);
        DurableJobs durable = new(Disk.Durable, Disk.IsSound);
        _world.Checks.OnHarborStart(Disk.Epoch);
        _process = new HarborProcess(_world, this, durable);
        _process.Start(durable.OpenJobs(id => _world.ScriptOf(id).Request));
    }

    /// <summary>Kills the process: what is not durable is gone.</summary>
    public void Crash()
    {
        if (_process is null)
        {
            return;
        }

        _world.Trace.Note("harbor", "crashes", Disk.Durable.Count, Disk.UnstoredCount);
        _process.Kill();
        _process = null;
        Disk.Crash();
        _world.Checks.OnHarborCrash();
    }

    /// <summary>Takes a new connection; false where nobody listens.</summary>
    public bool Accept(WireEnd end)
    {
        _process?.Accept(end);
        return _process is not null;
    }

    /// <summary>Admits and submits a job as the API does; the answer comes once it is durable or refused. Nobody
    /// answers where the process is gone.</summary>
    public void Submit(JobScript script, Action<Refusal?> answered)
    {
        if (_process is not { } process)
        {
            return;
        }

        AdmittedJob admitted = JobAdmission.Prepare(script.Request, script.Json);
        if (process.WasAdmitted(script.Request.Id))
        {
            // The same request was durable at the start already; the state does not remember every ended job.
            answered(null);
            return;
        }

        process.Ask(request => new HarborEvent.JobSubmitted(request, admitted), answered);
    }

    /// <summary>Cancels a job.</summary>
    public void Cancel(JobId job, Action<Refusal?> answered) =>
        _process?.Ask(request => new HarborEvent.JobCancelled(request, job), answered);

    /// <summary>A job's end as the harbor tells it: from the state, then from the database.</summary>
    public JobStatus? StatusOf(JobId job) => _process?.StatusOf(job);
}
