using System.Collections.Immutable;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Simulation.Checks;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Network;
using Ptorrent.Simulation.Nodes;
using Ptorrent.Simulation.Workload;

namespace Ptorrent.Simulation;

/// <summary>
/// A whole network under one seed, in one thread and virtual time: the real harbor's state, the real devices, both ends
/// of the real link sessions; all else is simulated. First a time with faults, in which nothing bad may happen; then
/// the world is healed, and all jobs must end, with the right bytes; then nobody has anything to say.
/// </summary>
internal sealed class World
{
    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SettleTime = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan SilenceTime = TimeSpan.FromMinutes(10);

    private readonly ulong _seed;
    private readonly Dice _networkDice;
    private readonly List<Wire> _wires = [];
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<JobId, JobScript> _scripts;

    public World(ulong seed, WorldOptions? options = null, Plant? plant = null, TextWriter? trace = null)
    {
        _seed = seed;
        Dice dice = new(seed);
        Options = options ?? WorldOptions.Draw(dice.Fork());
        Plant = plant ?? new Plant();
        Trace = new Trace(Schedule, trace);
        _networkDice = dice.Fork();
        Dice = dice.Fork();
        Scripts = WorkloadDraw.Draw(Options, dice.Fork());
        _scripts = Scripts.ToDictionary(s => s.Request.Id);
        Harbor = new HarborNode(this, Plant.MakeDisk(Schedule, dice.Fork(), Options.Disk));
        Agents = [.. Options.Agents.Select(a => new AgentNode(this, a, dice.Fork()))];
        Checks = new Checkers(this);
        Faults = new Faults(this, dice.Fork());
    }

    /// <summary>Time and what is to happen.</summary>
    public Schedule Schedule { get; } = new();

    /// <summary>What happened.</summary>
    public Trace Trace { get; }

    /// <summary>What the seed drew.</summary>
    public WorldOptions Options { get; }

    /// <summary>A bug that is planted on purpose; usually none.</summary>
    public Plant Plant { get; }

    /// <summary>Chance for what has none of its own.</summary>
    public Dice Dice { get; }

    /// <summary>The jobs.</summary>
    public ImmutableArray<JobScript> Scripts { get; }

    /// <summary>The harbor's machine.</summary>
    public HarborNode Harbor { get; }

    /// <summary>The agents' machines.</summary>
    public ImmutableArray<AgentNode> Agents { get; }

    /// <summary>Whoever watches.</summary>
    public Checkers Checks { get; }

    /// <summary>What breaks.</summary>
    public Faults Faults { get; }

    /// <summary>Whether faults are on.</summary>
    public bool IsFaulty { get; private set; } = true;

    /// <summary>What of the world was counted, for people.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counts;

    /// <summary>The rule of a job.</summary>
    public JobScript ScriptOf(JobId job) => _scripts[job];

    /// <summary>Counts something, for people.</summary>
    public void Count(string what, long by = 1) =>
        _counts[what] = _counts.GetValueOrDefault(what) + by;

    /// <summary>Runs a seed twice; where the two differ, something that is not of the seed has a hand in it.</summary>
    public static Verdict RunTwice(ulong seed, Plant plant)
    {
        Verdict first = new World(seed, plant: plant).Run();
        Verdict second = new World(seed, plant: plant).Run();
        return first.Digest == second.Digest && first.Check == second.Check
            ? first
            : first with { Check = "Determinism", Message = $"{first.Digest:x16} is not {second.Digest:x16}" };
    }

    /// <summary>Runs the world to its end.</summary>
    public Verdict Run()
    {
        string? check = null;
        string message = string.Empty;
        try
        {
            RunPhases();
        }
        catch (CheckFailedException exception)
        {
            (check, message) = (exception.Check, exception.Message);
        }
        catch (InvariantException exception)
        {
            (check, message) = ("Invariant", exception.ToString());
        }
#pragma warning disable CA1031 // Whatever a decider throws is a finding of this seed, not the end of the other seeds.
        catch (Exception exception)
        {
            (check, message) = (exception.GetType().Name, exception.ToString());
        }
#pragma warning restore CA1031

        return new Verdict(_seed, Trace.Digest, Schedule.StepCount, Schedule.Now, check, message) { Counts = _counts };
    }

    /// <summary>The harbor's process is gone, and with it its end of every line.</summary>
    public void BreakAllWires(Func<TimeSpan> agentNotices)
    {
        foreach (Wire wire in _wires)
        {
            wire.Break(agentNotices(), null);
        }

        _wires.Clear();
    }

    /// <summary>Makes a connection for an agent, or tells it null.</summary>
    public void Connect(AgentNode agent, Action<Wire?> done)
    {
        NetworkOptions network = Options.Network;
        TimeSpan trip = network.DelayMin + _networkDice.Wait(network.DelayMean);
        Schedule.After(trip, () =>
        {
            if (agent.IsCutOff)
            {
                agent.After(ConnectTimeMax, () => done(null));
                return;
            }

            Wire wire = new(Schedule, _networkDice, network);
            _wires.RemoveAll(w => w.IsDead);
            _wires.Add(wire);
            bool isAccepted = Harbor.Accept(wire.Parent);
            agent.After(trip, () => done(isAccepted ? wire : null));
        });
    }

    private void RunPhases()
    {
        Harbor.Start();
        foreach (AgentNode agent in Agents)
        {
            agent.Start();
        }

        foreach (JobScript script in Scripts)
        {
            new Customer(this, script).Start();
        }

        Faults.Start();
        Trace.Note("world", "safety");
        RunUntil(Options.SafetyTime, () => false);

        IsFaulty = false;
        Trace.Note("world", "liveness");
        Faults.Heal();
        Checks.Liveness.Begin();
        RunUntil(TimeSpan.MaxValue / 2, () => Checks.Liveness.IsDone);
        Checks.Liveness.OnNothingLeft();

        Trace.Note("world", "settles");
        RunUntil(Schedule.Now + SettleTime, () => false);
        Trace.Note("world", "silence");
        Checks.Silence.Begin();
        RunUntil(Schedule.Now + SilenceTime, () => false);
        Checks.OnEnd();
    }

    private void RunUntil(TimeSpan end, Func<bool> isDone)
    {
        while (!isDone() && Schedule.Step(end))
        {
            Checks.OnStep();
        }
    }
}
