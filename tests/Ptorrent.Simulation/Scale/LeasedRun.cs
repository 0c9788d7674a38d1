using System.Collections.Immutable;
using Ptorrent.Agent.Device;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Simulation.Scale;

/// <summary>The real leasing at the harbor, and devices that work off one lease after another as a flow.</summary>
internal sealed class LeasedRun : ScaleRun
{
    private static readonly WorkId Job = new(1);

    private readonly LeasingState _leasing = new(LeasingLimits.Wire, new LeaseEpoch(1));
    private readonly List<LeasingEffect> _effects = [];
    private readonly Dictionary<ChildId, FlowDevice> _devices = [];
    private readonly Dictionary<Host, FlowDevice> _present = [];
    private readonly Dictionary<Host, ChildId> _silent = [];
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private long _lastChild;
    private long _indicesLeft;
    private TimeSpan? _wakeAt;

    public LeasedRun(ScaleOptions options, ImmutableArray<Host> hosts)
        : base(options, hosts)
    {
    }

    protected override string Name => "ptorrent leases";

    protected override string Notes => string.Join(", ", _counts.Select(c => $"{c.Value} {c.Key}"));

    protected override void Submit()
    {
        _indicesLeft = IndexCount;
        MessageCount = 0;
        _counts.Clear();
        _leasing.AddWork(Schedule.Now, WorkDescription.Of(Job, 1, new IndexRange(0, IndexCount)), _effects);
        Settle();
    }

    protected override void OnCome(Host host)
    {
        FlowDevice device = new(this, host, new ChildId(++_lastChild));
        _present[host] = device;
        _devices.Add(device.Child, device);

        // The link is made and the window is on its way: a round trip and a half.
        Schedule.After(host.OneWay * 3, () =>
        {
            if (!device.IsGone)
            {
                if (_silent.Remove(host, out ChildId before))
                {
                    // The newer link of an agent ends the older one.
                    Remove(before);
                }

                _leasing.AddChild(Schedule.Now, device.Child, host.Cores, new ComputeRate(host.ClaimedCoreRate));
                SetWindow(device, host.ClaimedCoreRate);
            }
        });
    }

    protected override void OnGo(Host host, bool isSilent)
    {
        if (_present.Remove(host, out FlowDevice? device))
        {
            device.Vanish();
            if (isSilent)
            {
                _silent[host] = device.Child;
            }
            else
            {
                Schedule.After(host.OneWay, () => Remove(device.Child));
            }
        }
    }

    private void Remove(ChildId child)
    {
        _devices.Remove(child);
        _leasing.RemoveChild(Schedule.Now, child, _effects);
        Settle();
    }

    private void SetWindow(FlowDevice device, double coreRate)
    {
        Count("windows");
        Fuel window = new ComputeRate(device.Host.Cores * coreRate).FuelIn(new DeviceLimits().WindowTime);
        _leasing.SetWindow(Schedule.Now, device.Child, window, _effects);
        Settle();
    }

    private void Count(string what)
    {
        MessageCount++;
        if (Options.HasProfile)
        {
            Profile.Send(Schedule.Now, what);
        }

        _counts[what] = _counts.GetValueOrDefault(what) + 1;
    }

    /// <summary>Carries what the leasing decided to the devices.</summary>
    private void Settle()
    {
        foreach (LeasingEffect effect in _effects)
        {
            if (effect.Kind == LeasingEffectKind.Complete)
            {
                continue;
            }

            Count(effect.Kind switch
            {
                LeasingEffectKind.Grant => "grants",
                LeasingEffectKind.Revoke => "revokes",
                _ => "cancels",
            });
            FlowDevice? device = _devices.GetValueOrDefault(effect.Child);
            Tell(effect, device);
            if (device is not null)
            {
                LeasingEffect carried = effect;
                Schedule.After(device.Host.OneWay, () => device.Take(carried));
            }
        }

        _effects.Clear();
        if (HasBegun && _leasing.NextWakeAt is { } at && (_wakeAt is not { } arranged || at < arranged))
        {
            _wakeAt = at;
            Schedule.At(at, () =>
            {
                if (_wakeAt == at)
                {
                    _wakeAt = null;
                    _leasing.PassTime(Schedule.Now, _effects);
                    Settle();
                }
            });
        }
    }

    private void Tell(in LeasingEffect effect, FlowDevice? device)
    {
        if (!Options.HasProfile)
        {
            return;
        }

        if (effect.Kind == LeasingEffectKind.Grant)
        {
            double rate = device!.Host.Cores * device.Host.CoreRate;
            Profile.Begin(effect.Lease, effect.Range, $"{device.Host.Number} ({device.Host.Cores} cores)");
            Profile.Tell(Schedule.Now, effect.Lease, $"granted {effect.Range.Count * Options.IndexFuel / rate:F2} s");
        }
        else
        {
            Profile.Tell(Schedule.Now, effect.Lease, $"{effect.Kind} of {effect.Range.Count}");
        }
    }

    private void Tell(LeaseId lease, string what)
    {
        if (Options.HasProfile)
        {
            Profile.Tell(Schedule.Now, lease, what);
        }
    }

    /// <summary>A commit is at the harbor.</summary>
    private void OnCommit(FlowDevice device, LeaseId lease, long upto, long indices, TimeSpan busy)
    {
        Fuel burnt = new((long)(indices * Options.IndexFuel));
        CommitResult result = _leasing.Commit(
            Schedule.Now, device.Child, lease, _leasing.Epoch, upto, burnt, busy, _effects);
        if (result.Status == CommitStatus.Accepted)
        {
            CountIn(result.Range.Count);
            _indicesLeft -= result.Range.Count;
            IsDone = _indicesLeft == 0;
            Profile.Count(Schedule.Now, result.Range);
        }

        Tell(lease, $"committed {indices} {result.Status}");
        Settle();
        if (!device.HasMeasured)
        {
            // What it measured differs from what it claimed, so it announces another window.
            device.HasMeasured = true;
            if (Options.HasNoise)
            {
                SetWindow(device, device.Host.CoreRate);
            }
        }
    }

    /// <summary>A device: leases in the order in which they came, one at work.</summary>
    private sealed class FlowDevice(LeasedRun run, Host host, ChildId child)
    {
        private readonly LinkedList<Held> _leases = [];
        private readonly Dictionary<LeaseId, Held> _byId = [];
        private Held? _atWork;
        private Core.Alarm? _alarm;

        public Host Host { get; } = host;

        public ChildId Child { get; } = child;

        public bool IsGone { get; private set; }

        public bool HasMeasured { get; set; }

        public void Vanish()
        {
            foreach (Held lease in _leases)
            {
                run.Tell(lease.Id, "vanished");
            }

            IsGone = true;
            Stop();
        }

        public void Take(in LeasingEffect effect)
        {
            if (IsGone)
            {
                return;
            }

            switch (effect.Kind)
            {
                case LeasingEffectKind.Grant:
                    Held lease = new(effect.Lease, effect.Range);
                    _byId.Add(lease.Id, lease);
                    _leases.AddLast(lease);
                    Begin();
                    break;
                case LeasingEffectKind.Cancel when _byId.Remove(effect.Lease, out Held? cancelled):
                    Drop(cancelled);
                    break;
                case LeasingEffectKind.Revoke when _byId.TryGetValue(effect.Lease, out Held? revoked):
                    Keep(revoked, effect.Range.Begin);
                    break;
                default:
                    break;
            }
        }

        private void Begin()
        {
            if (_atWork is not null || _leases.First is not { } first)
            {
                return;
            }

            _atWork = first.Value;
            _atWork.Share = Host.DrawShare();
            _atWork.BegunAt = run.Schedule.Now;
            run.BeginShare(Host, _atWork.Share);
            run.Tell(_atWork.Id, $"begun at {_atWork.Share:F2}");
            Arrange();
        }

        private void Arrange()
        {
            _alarm?.Cancel();
            TimeSpan left = run.TimeFor(Host, _atWork!.End - _atWork.Begin, _atWork.Share)
                - (run.Schedule.Now - _atWork.BegunAt);
            _alarm = left > run.Options.CommitEvery
                ? run.Schedule.After(run.Options.CommitEvery, CommitPrefix)
                : run.Schedule.After(left, End);
        }

        private long PositionOf(Held lease)
        {
            if (_atWork != lease)
            {
                return lease.Begin;
            }

            TimeSpan whole = run.TimeFor(Host, lease.End - lease.Begin, lease.Share);
            double done = (lease.End - lease.Begin) * ((run.Schedule.Now - lease.BegunAt) / whole);
            return Math.Min(lease.End, lease.Begin + (long)done);
        }

        private void CommitPrefix()
        {
            Commit(_atWork!, PositionOf(_atWork!));
            Arrange();
        }

        private void End()
        {
            Held lease = _atWork!;
            Commit(lease, lease.End);
            _byId.Remove(lease.Id);
            Drop(lease);
        }

        private void Commit(Held lease, long upto)
        {
            long indices = upto - lease.CommittedUpTo;
            if (indices == 0)
            {
                return;
            }

            TimeSpan busy = (run.Schedule.Now - lease.CommittedAt(lease.BegunAt)) * Math.Min(Host.Cores, indices);
            lease.CommittedUpTo = upto;
            lease.LastCommitAt = run.Schedule.Now;
            run.Burn(indices);
            run.Count("commits");
            run.Schedule.After(Host.OneWay, () => run.OnCommit(this, lease.Id, upto, indices, busy));
        }

        private void Keep(Held lease, long from)
        {
            // What has begun is kept: some tens of milliseconds a core.
            long begun = lease == _atWork
                ? PositionOf(lease) + (long)(0.04 * Host.Cores * Host.CoreRate / run.Options.IndexFuel) + Host.Cores
                : lease.Begin;
            long keeps = Math.Min(lease.End, Math.Max(from, begun));
            long back = lease.End - keeps;
            run.Count("keeps");
            run.Schedule.After(Host.OneWay, () =>
            {
                run.Tell(lease.Id, $"kept, {back} back");
                run._leasing.Keep(run.Schedule.Now, Child, lease.Id, keeps, run._effects);
                run.Settle();
            });
            if (keeps == lease.End)
            {
                return;
            }

            if (lease == _atWork)
            {
                // The flow is re-based, so that the shorter lease goes on from where it stands.
                long position = PositionOf(lease);
                lease.End = keeps;
                lease.Rebase(position, run.Schedule.Now);
                Arrange();
            }
            else
            {
                lease.End = keeps;
                if (lease.Begin == lease.End)
                {
                    _byId.Remove(lease.Id);
                    Drop(lease);
                }
            }
        }

        private void Stop()
        {
            if (_atWork is { } lease)
            {
                _alarm?.Cancel();
                run.Burn(PositionOf(lease) - lease.CommittedUpTo);
                run.EndShare(Host, lease.Share);
                _atWork = null;
            }
        }

        private void Drop(Held lease)
        {
            _leases.Remove(lease);
            if (lease == _atWork)
            {
                Stop();
                Begin();
            }
        }
    }

    private sealed class Held(LeaseId id, IndexRange range)
    {
        public LeaseId Id { get; } = id;

        /// <summary>Where the flow began at <see cref="BegunAt"/>.</summary>
        public long Begin { get; private set; } = range.Begin;

        public long End { get; set; } = range.End;

        public long CommittedUpTo { get; set; } = range.Begin;

        public double Share { get; set; } = 1;

        public TimeSpan BegunAt { get; set; }

        public TimeSpan? LastCommitAt { get; set; }

        public TimeSpan CommittedAt(TimeSpan otherwise) => LastCommitAt ?? otherwise;

        public void Rebase(long position, TimeSpan now)
        {
            LastCommitAt ??= BegunAt;
            Begin = position;
            BegunAt = now;
        }
    }
}
