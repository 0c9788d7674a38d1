using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Workload;

namespace Ptorrent.Simulation.Checks;

/// <summary>Hands what happens to every checker.</summary>
internal sealed class Checkers
{
    private readonly World _world;
    private readonly LeaseChecker _leases;
    private readonly LimitChecker _limits;
    private readonly HoldingChecker _holdings = new();

    public Checkers(World world)
    {
        _world = world;
        Durability = new DurabilityChecker(world);
        Jobs = new JobChecker(world, Durability);
        Liveness = new LivenessChecker(world);
        _leases = new LeaseChecker(world, Durability);
        _limits = new LimitChecker(world);
        world.Harbor.Disk.BecameDurable = OnDurable;
    }

    /// <summary>What is durable, and stays so.</summary>
    public DurabilityChecker Durability { get; }

    /// <summary>What comes out.</summary>
    public JobChecker Jobs { get; }

    /// <summary>Whether there is progress.</summary>
    public LivenessChecker Liveness { get; }

    /// <summary>Whether nobody speaks without need.</summary>
    public SilenceChecker Silence { get; } = new();

    /// <summary>The harbor starts.</summary>
    public void OnHarborStart(int epoch)
    {
        Durability.OnHarborStart();
        _leases.OnHarborStart(epoch);
    }

    /// <summary>The harbor's process is gone.</summary>
    public void OnHarborCrash()
    {
        _leases.OnHarborCrash();
        _holdings.OnHarborCrash();
    }

    /// <summary>The harbor has handled an event; null for what it does with a job of an earlier life.</summary>
    public void AfterHarborEvent(HarborEvent? cause, HarborEffect[] effects)
    {
        _holdings.After(cause, effects);
        _leases.After(cause, effects);
        Durability.After(effects);
    }

    /// <summary>A frame goes out.</summary>
    public void OnFrameSent(bool toAgent, Frame frame)
    {
        _world.Count(toAgent ? "frames to agents" : "frames to the harbor");
        Silence.OnFrame(toAgent, frame);
    }

    /// <summary>An executor ended a run.</summary>
    public void OnRunEnded(JobScript script, IndexRange range, bool isMerge)
    {
        _world.Count("runs");
        _world.Count("indices run", isMerge ? 0 : range.Count);
    }

    /// <summary>Something happened.</summary>
    public void OnStep()
    {
        _limits.OnStep();
        Liveness.OnStep();
    }

    /// <summary>The world is at its end.</summary>
    public void OnEnd()
    {
        Durability.OnHarborStart();
        Jobs.OnEnd();
        _leases.OnEnd();
    }

    private void OnDurable(StorageRecord record)
    {
        Durability.OnDurable(record);
        Jobs.OnDurable(record);
        Liveness.OnDurable();
    }
}
