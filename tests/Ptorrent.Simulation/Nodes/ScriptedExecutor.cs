using System.Collections.Immutable;
using Ptorrent.Agent.Device;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Workload;

namespace Ptorrent.Simulation.Nodes;

/// <summary>One executor slot: works off its runs one after another. What a run burns gives its time; what it puts out
/// is the job's rule.</summary>
internal sealed class ScriptedExecutor(World world, AgentNode node, Action<int, RunEnd> tell)
{
    private static readonly TimeSpan CallTime = TimeSpan.FromMicroseconds(50);

    private readonly Queue<Order> _orders = new();
    private Order? _current;
    private Alarm? _alarm;
    private bool _isDead;

    /// <summary>Runs that it has.</summary>
    public int RunCount => _orders.Count + (_current is null ? 0 : 1);

    /// <summary>Takes an order to run or to merge.</summary>
    public void Start(int place, CoreReport run)
    {
        _orders.Enqueue(new Order(place, world.ScriptOf(run.Lease.Job), run.Range, run.Lease.Parts));
        Begin();
    }

    /// <summary>Nobody waits for a run any more.</summary>
    public void Stop(int place)
    {
        if (_current?.Place == place)
        {
            _alarm?.Cancel();
            _current = null;
            Begin();
        }
        else
        {
            int count = _orders.Count;
            for (int i = 0; i < count; i++)
            {
                Order order = _orders.Dequeue();
                if (order.Place != place)
                {
                    _orders.Enqueue(order);
                }
            }
        }

        tell(place, new RunEnd(RunEndKind.Stopped));
    }

    /// <summary>The process dies with its agent.</summary>
    public void Kill()
    {
        _isDead = true;
        _alarm?.Cancel();
        _orders.Clear();
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
        RunEnd end = EndOf(order, busy);
        world.Checks.OnRunEnded(order.Script, order.Range, order.IsMerge);
        tell(order.Place, end);
        Begin();
    }

    private RunEnd EndOf(Order order, TimeSpan busy)
    {
        if (world.IsFaulty && node.Dice.Happens(world.Options.RunLossLikelihood))
        {
            world.Count("runs lost");
            return new RunEnd(RunEndKind.Lost, Detail: "The executor is gone.");
        }

        if (order.IsMerge)
        {
            return new RunEnd(RunEndKind.Completed, JobScript.Merge(order.Parts), FuelOf(order), busy);
        }

        return order.Script.FailingIndex is { } failing && order.Range.Contains(failing)
            ? new RunEnd(
                RunEndKind.Failed,
                Failure: new ProgramFailure(failing, TrapCode.Unreachable, "It fails.", Fuel.Zero))
            : new RunEnd(RunEndKind.Completed, order.Script.SegmentOf(order.Range), FuelOf(order), busy);
    }

    private static Fuel FuelOf(Order order) =>
        order.IsMerge ? new Fuel(order.Script.FuelPerIndex) : new Fuel((long)order.Script.FuelOf(order.Range));

    private sealed record Order(
        int Place,
        JobScript Script,
        IndexRange Range,
        ImmutableArray<ReadOnlyMemory<byte>> Parts)
    {
        public bool IsMerge => !Parts.IsEmpty;
    }
}
