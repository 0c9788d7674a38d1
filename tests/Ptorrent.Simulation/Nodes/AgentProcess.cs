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
    private readonly CoreFeeder[] _feeders;
    private readonly Queue<(DeviceEvent? Happened, CoreReport[] Reports)> _next = new();
    private readonly List<DeviceEffect> _effects = [];
    private AgentLink? _link;
    private Alarm? _wake;
    private TimeSpan _linkBegan;
    private TimeSpan _linkLost;
    private bool _isDead;

    public AgentProcess(World world, AgentNode node)
    {
        _world = world;
        _node = node;
        AgentOptions options = node.Options;
        DeviceLimits limits = new();
        _device = new DeviceState(limits, options.SlotCount, ClaimedRate);
        _feeders = [.. Enumerable.Range(0, options.SlotCount).Select(_ => new CoreFeeder(limits.Feeder))];
        _executors =
        [
            .. Enumerable.Range(0, options.SlotCount).Select(slot => new ScriptedExecutor(
                world, node, (place, end) => Feed(slot, (feeder, made) => feeder.End(place, end, made)))),
        ];
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
            else if (wire is null || wire.Child.IsOver)
            {
                // Nobody listened, or the line died before this end had it.
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
    public void Happen(DeviceEvent happened) => Happen(happened, []);

    private void Happen(DeviceEvent? happened, CoreReport[] reports)
    {
        if (_isDead)
        {
            return;
        }

        _next.Enqueue((happened, reports));
        if (_next.Count > 1)
        {
            return;
        }

        while (!_isDead && _next.TryPeek(out (DeviceEvent? Happened, CoreReport[] Reports) next))
        {
            if (next.Happened is { } single)
            {
                _device.Handle(_node.Clock, single, _effects);
            }
            else
            {
                _device.Handle(_node.Clock, next.Reports, _effects);
            }

            Note(next.Happened, next.Reports);
            CarryOutAll();
            _next.Dequeue();
        }

        SetTimer();
    }

    private void CarryOutAll()
    {
        DeviceEffect[] effects = [.. _effects];
        _effects.Clear();
        foreach (DeviceEffect effect in effects)
        {
            CarryOut(effect);
        }
    }

    private void Note(DeviceEvent? happened, CoreReport[] reports)
    {
        string name = happened?.GetType().Name ?? "CoreReported";
        _world.Trace.Note(_node.Name, name, _effects.Count, _device.LeaseCount, _device.HeldBytes);
        if (_world.Trace.IsRead)
        {
            string ranges = string.Join(' ', reports.Select(r => r.Range));
            _world.Trace.Say($"             < {happened?.ToString() ?? ranges}");
            foreach (DeviceEffect effect in _effects)
            {
                _world.Trace.Say($"             > {effect}");
            }
        }
    }

    /// <summary>Something happens to a core's feeder.</summary>
    private void Feed(int slot, Action<CoreFeeder, List<FeederEffect>> happen)
    {
        List<FeederEffect> made = [];
        happen(_feeders[slot], made);
        foreach (FeederEffect effect in made)
        {
            if (effect.Kind == FeederEffectKind.Start)
            {
                _executors[slot].Start(effect.Place, effect.Run);
            }
            else if (effect.Kind == FeederEffectKind.Stop)
            {
                _executors[slot].Stop(effect.Place);
            }
        }

        CoreReport[] reports = [.. made.Where(e => e.Kind == FeederEffectKind.Report).Select(e => e.Run)];
        if (reports.Length > 0)
        {
            Happen(null, reports);
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
            Happen(new DeviceEvent.LinkOpened(new HarborId(link.Session.Welcome!.Harbor))); // It was welcomed.
        };
        link.Came = Happen;
        link.Lost = () =>
        {
            if (_isDead)
            {
                return;
            }

            _node.Wire = null;
            _linkLost = _world.Schedule.Now;
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
        Hello hello = new()
        {
            Version = LinkLimits.Version,
            Agent = _node.Id.Value,
            Name = _node.Name,
            Slots = (uint)_node.Options.SlotCount,
            FuelPerSecond = ClaimedRate.FuelPerSecond,
            MemoryBytes = 1L << 30,
            Software = "simulation",
        };
        hello.Holdings.AddRange(_device.TakeHoldings(_effects));
        CarryOutAll();
        if (_node.Options.Temperament == Temperament.Claiming)
        {
            hello.Holdings.AddRange(Claims.Draw(_node.Dice, _world.Scripts));
        }

        link.Greet(hello);
    }

    private void Retry() => _node.After(_delay.Next(_world.Schedule.Now - _linkLost), Connect);

    private void CarryOut(DeviceEffect effect)
    {
        switch (effect)
        {
            case DeviceEffect.Send send:
                _node.HasRefused |= send.Frame.Nack is not null;
                Send(send.Frame);
                break;
            case DeviceEffect.Upload upload:
                Upload(upload);
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
            case DeviceEffect.GiveCore give:
                Feed(give.Lease.Slot, (feeder, made) => feeder.Add(give.Lease, made));
                break;
            case DeviceEffect.StopCore stop:
                Feed(stop.Lease.Slot, (feeder, made) => feeder.Drop(stop.Lease, made));
                break;
            case DeviceEffect.PauseCores pause:
                for (int slot = 0; slot < _feeders.Length; slot++)
                {
                    Feed(slot, (feeder, made) => feeder.Pause(pause.IsPaused, made));
                }

                break;
            case DeviceEffect.DropLease or DeviceEffect.ForgetProgram or DeviceEffect.Drained:
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

    private void Send(Frame frame)
    {
        if (frame.Commit is { ResultCase: Commit.ResultOneofCase.Inline } commit)
        {
            commit.Inline = UnsafeByteOperations.UnsafeWrap(Mischief.Lie(_node, commit.Inline.Memory));
        }

        _link?.Send(frame);
    }

    private void Upload(DeviceEffect.Upload upload)
    {
        ReadOnlyMemory<byte> segment = Mischief.Lie(_node, upload.Segment);
        TimeSpan time = TimeSpan.FromSeconds(segment.Length / _world.Options.Network.BytesPerSecond);
        _node.After(_world.Options.Network.DelayMin + time, () =>
        {
            if (!_world.Harbor.IsUp || _node.IsCutOff)
            {
                Happen(new DeviceEvent.UploadFailed(upload.Lease, upload.Commit, "The harbor is away."));
                return;
            }

            Digest digest = MerkleHasher.RootOf(segment.Span);
            _world.Harbor.Disk.Blobs[digest] = segment.ToArray();
            Blob blob = new() { Digest = digest.ToByteString(), SizeBytes = segment.Length };
            Happen(new DeviceEvent.Uploaded(upload.Lease, upload.Commit, blob));
        });
    }
}
