using Ptorrent.Model.Identity;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Network;

namespace Ptorrent.Simulation.Nodes;

/// <summary>A household machine: its clock, its power, and the agent's process, which comes and goes.</summary>
internal sealed class AgentNode
{
    private readonly World _world;
    private readonly Queue<Action> _held = new();
    private AgentProcess? _process;
    private TimeSpan _sleptFor;
    private TimeSpan _asleepSince;

    public AgentNode(World world, AgentOptions options, Dice dice)
    {
        _world = world;
        Options = options;
        Dice = dice;
        Name = $"agent{options.Number}";
        OwnerShare = 1;
    }

    /// <summary>What it is like.</summary>
    public AgentOptions Options { get; }

    /// <summary>Its own chance.</summary>
    public Dice Dice { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its id, kept in its home.</summary>
    public AgentId Id => new((ulong)Options.Number);

    /// <summary>The share of its speed that its owner leaves.</summary>
    public double OwnerShare { get; set; }

    /// <summary>Whether its process runs.</summary>
    public bool IsUp => _process is not null;

    /// <summary>Whether the machine is suspended.</summary>
    public bool IsAsleep { get; private set; }

    /// <summary>Whether no line to the harbor can be made at present.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>Whether it gave a lease back because it could not.</summary>
    public bool HasRefused { get; set; }

    /// <summary>Whether it misbehaves as its temperament says.</summary>
    public bool Misbehaves { get; set; } = true;

    /// <summary>What it does that it should not.</summary>
    public Mischief Mischief { get; } = new();

    /// <summary>The process, or null.</summary>
    public AgentProcess? Process => _process;

    /// <summary>The line to the harbor, or null.</summary>
    public Wire? Wire { get; set; }

    /// <summary>What its clock shows: the time since some moment, never going back.</summary>
    public TimeSpan Clock => _world.Schedule.Now - (Options.ClockStopsInSleep ? _sleptFor : TimeSpan.Zero);

    /// <summary>Starts the process.</summary>
    public void Start()
    {
        _world.Trace.Note(Name, "starts");
        _process = new AgentProcess(_world, this);
        _process.Connect();
    }

    /// <summary>The process is killed, and its system closes its connections; or the power fails, and nobody says
    /// so.</summary>
    public void Kill(bool powerFails)
    {
        if (_process is null)
        {
            return;
        }

        _world.Trace.Note(Name, powerFails ? "loses power" : "is killed");
        _process.Kill();
        _process = null;
        HasRefused = false;
        IsAsleep = false;
        _held.Clear();
        Wire? wire = Wire;
        Wire = null;
        wire?.Child.Forget();
        wire?.Break(
            null,
            powerFails
                ? Dice.Between(TimeSpan.Zero, _world.Options.Network.NoticeTimeMax)
                : _world.Options.Network.DelayMin);
    }

    /// <summary>The machine is suspended.</summary>
    public void FallAsleep()
    {
        if (_process is not null && !IsAsleep)
        {
            _world.Trace.Note(Name, "falls asleep");
            IsAsleep = true;
            _asleepSince = _world.Schedule.Now;
            Wire?.Child.Pause(true);
        }
    }

    /// <summary>The machine wakes up: what was due meanwhile happens now.</summary>
    public void Wake()
    {
        if (!IsAsleep)
        {
            return;
        }

        IsAsleep = false;
        _sleptFor += _world.Schedule.Now - _asleepSince;
        _world.Trace.Note(Name, "wakes up", (_world.Schedule.Now - _asleepSince).Ticks);
        while (!IsAsleep && _held.TryDequeue(out Action? action))
        {
            action();
        }

        Wire?.Child.Pause(false);
    }

    /// <summary>Arranges something in the machine: it waits while the machine sleeps.</summary>
    public Alarm After(TimeSpan delay, Action action) => _world.Schedule.After(delay, () => Do(action));

    /// <summary>Does something now, or when the machine wakes up.</summary>
    public void Do(Action action)
    {
        if (IsAsleep)
        {
            _held.Enqueue(action);
        }
        else
        {
            action();
        }
    }
}
