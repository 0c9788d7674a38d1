using System.Collections.Immutable;
using Ptorrent.Agent.Device;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Workload;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Simulation.Nodes;

/// <summary>One executor slot: works off its runs one after another. What a run burns gives its time; what it puts out
/// is the job's rule.</summary>
internal sealed class ScriptedExecutor(World world, AgentNode node, Action<DeviceEvent> tell)
{
    private static readonly TimeSpan CallTime = TimeSpan.FromMicroseconds(50);

    private readonly Queue<Order> _orders = new();
    private Order? _current;
    private Alarm? _alarm;
    private bool _isDead;

    /// <summary>Runs that it has.</summary>
    public int RunCount => _orders.Count + (_current is null ? 0 : 1);

    /// <summary>Takes an order to run.</summary>
    public void Start(DeviceEffect.StartRun run) => Add(new Order(run.Run, world.ScriptOf(run.Job), run.Range, []));

    /// <summary>Takes an order to merge.</summary>
    public void Start(DeviceEffect.StartMerge merge) =>
        Add(new Order(merge.Run, world.ScriptOf(merge.Job), default, merge.Parts));

    /// <summary>Nobody waits for a run any more.</summary>
    public void Stop(LeaseId run)
    {
        if (_current?.Run == run)
        {
            _alarm?.Cancel();
            _current = null;
            Begin();
            return;
        }

        int count = _orders.Count;
        for (int i = 0; i < count; i++)
        {
            Order order = _orders.Dequeue();
            if (order.Run != run)
            {
                _orders.Enqueue(order);
            }
        }
    }

    /// <summary>The process dies with its agent.</summary>
    public void Kill()
    {
        _isDead = true;
        _alarm?.Cancel();
        _orders.Clear();
    }

    private void Add(Order order)
    {
        _orders.Enqueue(order);
        Begin();
    }

    private void Begin()
    {
        if (_current is not null || !_orders.TryDequeue(out _current))
        {
            return;
        }

        double seconds = FuelOf(_current).Units / (node.Options.FuelPerSecond * node.OwnerShare);
        TimeSpan busy = CallTime + TimeSpan.FromSeconds(seconds);
        Order order = _current;
        _alarm = node.After(busy, () => End(order, busy));
    }

    private void End(Order order, TimeSpan busy)
    {
        // What ended while the machine slept is told when it wakes up, and may have been stopped just before.
        if (_isDead || _current != order)
        {
            return;
        }

        _current = null;
        DeviceEvent outcome = OutcomeOf(order, busy);
        world.Checks.OnRunEnded(order.Script, order.Range, order.IsMerge);
        tell(outcome);
        Begin();
    }

    private DeviceEvent OutcomeOf(Order order, TimeSpan busy)
    {
        if (world.IsFaulty && node.Dice.Happens(world.Options.RunLossLikelihood))
        {
            world.Count("runs lost");
            return new DeviceEvent.RunLost(order.Run, "The executor is gone.");
        }

        if (order.IsMerge)
        {
            return new DeviceEvent.RunCompleted(order.Run, JobScript.Merge(order.Parts), FuelOf(order), busy);
        }

        if (order.Script.FailingIndex is { } failing && order.Range.Contains(failing))
        {
            return new DeviceEvent.RunFailed(
                order.Run, new ProgramFailure(failing, TrapCode.Unreachable, "It fails.", Fuel.Zero));
        }

        return new DeviceEvent.RunCompleted(
            order.Run, order.Script.SegmentOf(order.Range), FuelOf(order), busy);
    }

    private static Fuel FuelOf(Order order) =>
        order.IsMerge ? new Fuel(order.Script.FuelPerIndex) : new Fuel((long)order.Script.FuelOf(order.Range));

    private sealed record Order(
        LeaseId Run,
        JobScript Script,
        IndexRange Range,
        ImmutableArray<ReadOnlyMemory<byte>> Parts)
    {
        public bool IsMerge => !Parts.IsEmpty;
    }
}
