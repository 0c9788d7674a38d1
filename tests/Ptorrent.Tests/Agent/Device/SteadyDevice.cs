using System.Runtime.InteropServices;
using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;

namespace Ptorrent.Tests.Agent.Device;

/// <summary>A device in steady state, decider and feeders, with executors that answer in turn; it allocates nothing of
/// its own, so that what is allocated is the device's.</summary>
internal sealed class SteadyDevice
{
    private static readonly TimeSpan RunTime = TimeSpan.FromMilliseconds(10);

    private readonly DeviceState _device;
    private readonly CoreFeeder[] _feeders;
    private readonly Queue<(int Place, IndexRange Range)>[] _running;
    private readonly List<DeviceEffect> _effects = [];
    private readonly List<DeviceEffect> _carried = [];
    private readonly List<FeederEffect> _made = [];
    private readonly List<CoreReport> _reports = [];
    private readonly byte[] _segment = "12345"u8.ToArray();
    private readonly TimeSpan _indexTime;
    private TimeSpan _now;
    private long _lease;
    private long _granted;
    private int _next;

    public SteadyDevice(int slotCount, int fragmentsPerRun)
    {
        DeviceLimits limits = new()
        {
            ItemCountMax = long.MaxValue,
            Feeder = new FeederLimits { RunTimeMin = RunTime, RunTimeMax = RunTime },
        };
        _indexTime = RunTime / fragmentsPerRun;
        _device = new DeviceState(limits, slotCount, ComputeRate.Nominal);
        _feeders = [.. Enumerable.Range(0, slotCount).Select(_ => new CoreFeeder(limits.Feeder))];
        _running = [.. Enumerable.Range(0, slotCount).Select(_ => new Queue<(int, IndexRange)>())];
        Handle(new DeviceEvent.LinkOpened(new HarborId(1)));
        Grant();
        Handle(new DeviceEvent.ProgramReady(new JobId(1)));
        Run(1000);
    }

    /// <summary>Indices that came back.</summary>
    public long FragmentCount { get; private set; }

    /// <summary>Lets so many runs end.</summary>
    public void Run(int count)
    {
        for (int i = 0; i < count; i++)
        {
            while (_granted - FragmentCount < 4_000_000)
            {
                Grant();
            }

            int slot = _next++ % _feeders.Length;
            _now += RunTime / _feeders.Length;
            if (!_running[slot].TryDequeue(out (int Place, IndexRange Range) run))
            {
                continue;
            }

            FragmentCount += run.Range.Count;
            TimeSpan busy = _indexTime * run.Range.Count;
            _feeders[slot].End(
                run.Place,
                new RunEnd(RunEndKind.Completed, _segment, ComputeRate.Nominal.FuelIn(busy), busy),
                _made);
            CarryOutMade(slot);
            if (_device.NextWakeAt <= _now)
            {
                Handle(new DeviceEvent.TimePassed());
            }
        }
    }

    private void Grant()
    {
        Handle(new DeviceEvent.Granted(
            new Grant { Lease = ++_lease, Job = 1, Begin = _granted, End = _granted + 4_000_000 },
            new JobDescription { Kind = 2, Mode = (int)RunMode.Item, Combine = (int)CombineKind.Sum }));
        _granted += 4_000_000;
    }

    private void Handle(DeviceEvent happened)
    {
        _device.Handle(_now, happened, _effects);
        CarryOut();
    }

    private void CarryOut()
    {
        _carried.AddRange(_effects);
        _effects.Clear();
        for (int i = 0; i < _carried.Count; i++)
        {
            switch (_carried[i])
            {
                case DeviceEffect.GiveCore give:
                    _feeders[give.Lease.Slot].Add(give.Lease, _made);
                    CarryOutMade(give.Lease.Slot);
                    break;
                case DeviceEffect.Send { Frame.Commit: { } commit }:
                    _device.Handle(_now, new DeviceEvent.Received(commit.Lease, commit.Upto), _effects);
                    _carried.AddRange(_effects);
                    _effects.Clear();
                    break;
                default:
                    break;
            }
        }

        _carried.Clear();
    }

    private void CarryOutMade(int slot)
    {
        foreach (FeederEffect effect in _made)
        {
            if (effect.Kind == FeederEffectKind.Start)
            {
                _running[slot].Enqueue((effect.Place, effect.Run.Range));
            }
            else if (effect.Kind == FeederEffectKind.Report)
            {
                _reports.Add(effect.Run);
            }
        }

        _made.Clear();
        if (_reports.Count > 0)
        {
            _device.Handle(_now, CollectionsMarshal.AsSpan(_reports), _effects);
            _reports.Clear();
            CarryOut();
        }
    }
}
