using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf;
using Ptorrent.Agent.Connection;
using Ptorrent.Agent.Device;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Network;

namespace Ptorrent.Simulation.Nodes;

/// <summary>One life of an agent's process: the real device and session; loop, fetching and connection are the plainest
/// thing that keeps their promises.</summary>
internal sealed class AgentProcess
{
    private static readonly TimeSpan GoodLinkTime = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromSeconds(20);

    private readonly World _world;
    private readonly AgentNode _node;
    private readonly DeviceState _device;
    private readonly ScriptedExecutor[] _executors;
    private readonly ReconnectDelay _delay;
    private readonly Queue<DeviceEvent> _next = new();
    private readonly List<DeviceEffect> _effects = [];
    private readonly SortedDictionary<LeaseNumber, Queue<PendingCommit>> _commits = [];
    private AgentLink? _link;
    private Alarm? _wake;
    private TimeSpan _linkBegan;
    private bool _isDead;

    public AgentProcess(World world, AgentNode node)
    {
        _world = world;
        _node = node;
        AgentOptions options = node.Options;
        _device = new DeviceState(new DeviceLimits(), options.SlotCount, ClaimedRate);
        _executors = [.. Enumerable.Range(0, options.SlotCount).Select(_ => new ScriptedExecutor(world, node, Happen))];
        _delay = new ReconnectDelay(node.Dice.ForkPrng());
    }

    /// <summary>The device.</summary>
    public DeviceState Device => _device;

    /// <summary>The link that stands, or null.</summary>
    public AgentLink? Link => _link;

    /// <summary>Runs that its executors have.</summary>
    public int RunCount => _executors.Sum(e => e.RunCount);

    private ComputeRate ClaimedRate => new(_node.Options.FuelPerSecond * _node.Options.ClaimedShare);

    /// <summary>The process dies.</summary>
    public void Kill()
    {
        _isDead = true;
        _link = null;
        foreach (ScriptedExecutor executor in _executors)
        {
            executor.Kill();
        }
    }

    /// <summary>Makes a link, for as long as it takes.</summary>
    public void Connect()
    {
        if (_isDead)
        {
            return;
        }

        _linkBegan = _world.Schedule.Now;
        _world.Connect(_node, wire =>
        {
            if (_isDead)
            {
                wire?.Child.Forget();
                wire?.Break(null, TimeSpan.Zero);
            }
            else if (wire is null)
            {
                Retry();
            }
            else
            {
                _node.Wire = wire;
                Greet(wire);
            }
        });
    }

    /// <summary>Something happens to the device.</summary>
    public void Happen(DeviceEvent happened)
    {
        if (_isDead)
        {
            return;
        }

        _next.Enqueue(happened);
        if (_next.Count > 1)
        {
            return;
        }

        while (!_isDead && _next.TryPeek(out DeviceEvent? next))
        {
            _device.Handle(_node.Clock, next, _effects);
            Note(next);
            DeviceEffect[] effects = [.. _effects];
            _effects.Clear();
            foreach (DeviceEffect effect in effects)
            {
                CarryOut(effect);
            }

            _next.Dequeue();
        }

        SetTimer();
    }

    private void Note(DeviceEvent happened)
    {
        _world.Trace.Note(_node.Name, happened.GetType().Name, _effects.Count, _device.LeaseCount, _device.HeldBytes);
        if (_world.Trace.IsRead)
        {
            _world.Trace.Say($"             < {happened}");
            foreach (DeviceEffect effect in _effects)
            {
                _world.Trace.Say($"             > {effect}");
            }
        }
    }

    private void SetTimer()
    {
        _wake?.Cancel();
        _wake = null;
        if (!_isDead && _device.NextWakeAt is { } at)
        {
            _wake = _node.After(at - _node.Clock, () => Happen(new DeviceEvent.TimePassed()));
        }
    }

    private void Greet(Wire wire)
    {
        AgentLink link = new(_world, _node, wire.Child);
        link.Opened = () =>
        {
            _link = link;
            Happen(new DeviceEvent.LinkOpened());
        };
        link.Came = Happen;
        link.CommitSent = lease => Happen(new DeviceEvent.CommitSent(lease));
        link.Lost = () =>
        {
            if (_isDead)
            {
                return;
            }

            _node.Wire = null;
            if (_link == link)
            {
                _link = null;
                Happen(new DeviceEvent.LinkLost());
            }

            if (_world.Schedule.Now - _linkBegan >= GoodLinkTime)
            {
                _delay.Reset();
                Connect();
            }
            else
            {
                Retry();
            }
        };
        _node.After(ConnectTimeMax, () =>
        {
            if (!link.Session.IsOpen)
            {
                wire.Break(TimeSpan.Zero, _world.Options.Network.NoticeTimeMax);
            }
        });
        link.Greet(new Hello
        {
            Version = LinkLimits.Version,
            Agent = _node.Id.Value,
            Name = _node.Name,
            Slots = (uint)_node.Options.SlotCount,
            FuelPerSecond = ClaimedRate.FuelPerSecond,
            MemoryBytes = 1L << 30,
            Software = "simulation",
        });
    }

    private void Retry() => _node.After(_delay.Next(), Connect);

    private void CarryOut(DeviceEffect effect)
    {
        switch (effect)
        {
            case DeviceEffect.Send send:
                _node.HasRefused |= send.Frame.Nack is not null;
                _link?.Send(send.Frame, committed: null);
                break;
            case DeviceEffect.Commit commit:
                Commit(commit);
                break;
            case DeviceEffect.PrepareProgram prepare:
                _node.After(
                    _node.Dice.Wait(TimeSpan.FromMilliseconds(100)),
                    () => Happen(new DeviceEvent.ProgramReady(prepare.Job)));
                break;
            case DeviceEffect.FetchInputs fetch:
                Fetch(fetch, fetch.Begin);
                break;
            case DeviceEffect.FetchParts fetch:
                _node.After(_node.Dice.Wait(TimeSpan.FromMilliseconds(50)), () => FetchParts(fetch));
                break;
            case DeviceEffect.DropLease drop:
                _commits.Remove(drop.Lease);
                break;
            case DeviceEffect.StartRun run:
                _executors[run.Slot].Start(run);
                break;
            case DeviceEffect.StartMerge merge:
                _executors[merge.Slot].Start(merge);
                break;
            case DeviceEffect.StopRun stop:
                foreach (ScriptedExecutor executor in _executors)
                {
                    executor.Stop(stop.Run);
                }

                break;
            case DeviceEffect.ForgetProgram or DeviceEffect.Drained:
                break;
            default:
                throw new UnreachableException(effect.GetType().Name);
        }
    }

    private void Fetch(DeviceEffect.FetchInputs fetch, long upto)
    {
        if (upto > fetch.Begin)
        {
            Happen(new DeviceEvent.InputsReady(fetch.Lease, upto));
        }

        if (upto < fetch.Begin + fetch.Inputs.Length)
        {
            _node.After(_node.Dice.Wait(TimeSpan.FromMilliseconds(20)), () => Fetch(fetch, upto + 1));
        }
    }

    private void FetchParts(DeviceEffect.FetchParts fetch)
    {
        ImmutableArray<ReadOnlyMemory<byte>> parts =
        [
            .. fetch.Parts.Select(p => p.Blob is { } blob
                ? _world.Harbor.Disk.Blobs[blob.Digest.ToDigest()]
                : p.Inline.Memory),
        ];
        Happen(new DeviceEvent.PartsReady(fetch.Lease, parts));
    }

    private void Commit(DeviceEffect.Commit commit)
    {
        if (!_commits.TryGetValue(commit.Lease, out Queue<PendingCommit>? pending))
        {
            pending = new Queue<PendingCommit>();
            _commits.Add(commit.Lease, pending);
        }

        PendingCommit added = new(commit.Frame);
        pending.Enqueue(added);
        ReadOnlyMemory<byte> segment = Mischief.Lie(_node, commit.Segment);
        if (segment.Length <= LinkLimits.InlineBytesMax)
        {
            commit.Frame.Inline = UnsafeByteOperations.UnsafeWrap(segment);
            added.IsReady = true;
            Flush(commit.Lease);
        }
        else
        {
            Upload(commit.Lease, added, segment);
        }
    }

    private void Upload(LeaseNumber lease, PendingCommit pending, ReadOnlyMemory<byte> segment)
    {
        TimeSpan time = TimeSpan.FromSeconds(segment.Length / _world.Options.Network.BytesPerSecond);
        _node.After(_world.Options.Network.DelayMin + time, () =>
        {
            if (_isDead || !_commits.ContainsKey(lease))
            {
                return;
            }

            if (!_world.Harbor.IsUp || _node.IsCutOff)
            {
                _node.After(TimeSpan.FromSeconds(1), () => Upload(lease, pending, segment));
                return;
            }

            Digest digest = MerkleHasher.RootOf(segment.Span);
            _world.Harbor.Disk.Blobs[digest] = segment.ToArray();
            pending.Frame.Blob = new Blob { Digest = digest.ToByteString(), SizeBytes = segment.Length };
            pending.IsReady = true;
            Flush(lease);
        });
    }

    /// <summary>Sends a lease's commits as far as they are ready, in their order.</summary>
    private void Flush(LeaseNumber lease)
    {
        while (_commits.TryGetValue(lease, out Queue<PendingCommit>? commits)
            && commits.TryPeek(out PendingCommit? pending)
            && pending.IsReady)
        {
            commits.Dequeue();
            if (_link is null || !_link.Send(new Frame { Commit = pending.Frame }, lease))
            {
                Happen(new DeviceEvent.CommitSent(lease));
            }
        }
    }

    private sealed class PendingCommit(Commit frame)
    {
        public Commit Frame { get; } = frame;

        public bool IsReady { get; set; }
    }
}
