using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Tests.Work;

/// <summary>
/// A network in which hosts burn fuel like water flows: each works on one lease after the other at its own rate, some
/// slower than they said, some leases slower than others; lines have their delay; hosts vanish, some without a word,
/// and others come. Drives the real leasing core in virtual time.
/// </summary>
internal sealed class FluidNetwork
{
    public const double FuelPerIndex = 1e7;
    private static readonly LeaseEpoch Epoch = new(1);
    private static readonly int[] CoreCounts = [2, 4, 4, 8, 8, 8, 12, 16, 24, 32];

    private readonly FluidOptions _options;
    private readonly Prng _prng;
    private readonly LeasingState _state;
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _agenda = new();
    private readonly List<LeasingEffect> _effects = [];
    private readonly Dictionary<ChildId, Host> _hosts = [];
    private readonly double _totalFuel;
    private TimeSpan _now;
    private TimeSpan? _wake;
    private long _order;
    private long _lastHost;
    private double _capacityBefore;
    private bool _isComplete;

    public FluidNetwork(FluidOptions options)
    {
        _options = options;
        _prng = new Prng(options.Seed);
        _state = new LeasingState(options.Limits, Epoch);
        double rate = 0;
        for (int i = 0; i < options.HostCount; i++)
        {
            rate += Join().Rate;
        }

        long indices = (long)(rate * options.IdealSeconds / FuelPerIndex);
        _totalFuel = indices * FuelPerIndex;
        _state.AddWork(_now, WorkDescription.Of(new(1), 1, new IndexRange(0, indices)), _effects);
        CarryOut();
    }

    public long MessageCount { get; private set; }

    public Dictionary<LeasingEffectKind, long> Counts { get; } = [];

    public long CommitCount { get; private set; }

    public double CommittedFuel { get; private set; }

    public TimeSpan Makespan { get; private set; }

    /// <summary>What all hosts could have burnt until the end, as a multiple of what there was to burn.</summary>
    public double Ratio { get; private set; }

    public double MessagesPerHostMinute => MessageCount / (_options.HostCount * Makespan.TotalMinutes);

    public FluidNetwork Run()
    {
        while (!_isComplete && _agenda.TryDequeue(out Action? action, out (TimeSpan At, long Order) key))
        {
            _now = key.At;
            action();
        }

        Makespan = _now;
        Ratio = (_capacityBefore + _hosts.Values.Sum(h => h.Capacity(_now))) / _totalFuel;
        return this;
    }

    private double Draw() => _prng.Below(1L << 40) / (double)(1L << 40);

    private void At(TimeSpan time, Action action) => _agenda.Enqueue(action, (time, ++_order));

    private void After(double seconds, Action action) => At(_now + TimeSpan.FromSeconds(seconds), action);

    private Host Join()
    {
        Host host = new(new ChildId(++_lastHost), CoreCounts[_prng.Below(CoreCounts.Length)], 3e9 + (2e9 * Draw()))
        {
            OneWay = (_options.RoundTripMin + ((_options.RoundTripMax - _options.RoundTripMin) * Draw())) / 2,
            JoinedAt = _now,
            UpdatedAt = _now,
        };
        _hosts.Add(host.Id, host);
        double said = host.SlotRate * (1 + (_options.SpeedError * ((2 * Draw()) - 1)));
        _state.AddChild(_now, host.Id, host.SlotCount, new ComputeRate(said));
        _state.SetWindow(_now, host.Id, new Fuel(long.MaxValue / 4), _effects);
        if (_options.MeanOnlineSeconds > 0)
        {
            // Weibull with shape 0.5: the square of an exponential, whose mean is twice the square of its scale.
            double exponential = -Math.Log(1 - Draw());
            double age = exponential * exponential / 2 * _options.MeanOnlineSeconds;
            After(age, () => Vanish(host));
        }

        return host;
    }

    private void Vanish(Host host)
    {
        host.Advance(_now);
        host.IsGone = true;
        _capacityBefore += host.Capacity(_now);
        _hosts.Remove(host.Id);
        bool isSilent = Draw() < _options.SilentShare;
        After(isSilent ? _options.SilentSeconds : host.OneWay, () =>
        {
            _state.RemoveChild(_now, host.Id, _effects);
            CarryOut();
        });
        Join();
        CarryOut();
    }

    private void CarryOut()
    {
        foreach (LeasingEffect effect in _effects)
        {
            Counts[effect.Kind] = Counts.GetValueOrDefault(effect.Kind) + 1;
            if (effect.Kind == LeasingEffectKind.Complete)
            {
                _isComplete = true;
                continue;
            }

            MessageCount++;
            if (_hosts.TryGetValue(effect.Child, out Host? host))
            {
                LeasingEffect taken = effect;
                After(host.OneWay, () => Receive(host, taken));
            }
        }

        _effects.Clear();
        if (_state.NextWakeAt is { } wake && !(_wake <= wake))
        {
            _wake = wake;
            At(wake > _now ? wake : _now, () => Wake(wake));
        }
    }

    private void Wake(TimeSpan wake)
    {
        if (_wake == wake)
        {
            _wake = null;
            _state.PassTime(_now, _effects);
            CarryOut();
        }
    }

    private void Receive(Host host, LeasingEffect effect)
    {
        if (host.IsGone)
        {
            return;
        }

        host.Advance(_now);
        switch (effect.Kind)
        {
            case LeasingEffectKind.Grant:
                double speed = Draw() < _options.SlowShare ? 0.2 + (0.4 * Draw()) : 1;
                host.Leases.Add(new HostLease(effect.Lease, effect.Range, speed) { CommittedAt = _now });
                break;
            case LeasingEffectKind.Cancel:
                host.Leases.RemoveAll(l => l.Id == effect.Lease);
                break;
            case LeasingEffectKind.Revoke:
                Answer(host, effect);
                break;
        }

        Plan(host);
    }

    private void Answer(Host host, LeasingEffect effect)
    {
        if (host.Leases.Find(l => l.Id == effect.Lease) is not { } lease)
        {
            return;
        }

        long begun = (long)Math.Ceiling(lease.Position);
        lease.End = Math.Min(lease.End, Math.Max(effect.Range.Begin, begun));
        long kept = lease.End;
        if (lease.Committed >= lease.End)
        {
            host.Leases.Remove(lease);
        }

        MessageCount++;
        After(host.OneWay, () =>
        {
            _state.Keep(_now, host.Id, lease.Id, kept, _effects);
            CarryOut();
        });
    }

    /// <summary>Commits what is due and notes when something will be.</summary>
    private void Plan(Host host)
    {
        while (host.Leases.Count > 0 && host.Leases[0].Position >= host.Leases[0].End - 1e-6)
        {
            Commit(host, host.Leases[0], host.Leases[0].End);
            host.Leases.RemoveAt(0);
            if (host.Leases.Count > 0)
            {
                host.Leases[0].CommittedAt = _now;
            }
        }

        if (host.Leases.Count == 0)
        {
            return;
        }

        HostLease head = host.Leases[0];
        double pace = head.Committed == head.Begin ? _options.FirstCommitSeconds : _options.CommitSeconds;
        TimeSpan streamAt = head.CommittedAt + TimeSpan.FromSeconds(pace);
        if (streamAt <= _now && (long)head.Position > head.Committed)
        {
            Commit(host, head, (long)head.Position);
            streamAt = _now + TimeSpan.FromSeconds(_options.CommitSeconds);
        }

        double left = (head.End - head.Position) * FuelPerIndex / (host.Rate * head.Speed);
        TimeSpan next = _now + TimeSpan.FromSeconds(Math.Max(left, 1e-6));
        long version = ++host.Version;
        At(streamAt > _now && streamAt < next ? streamAt : next, () =>
        {
            if (host.Version == version && !host.IsGone)
            {
                host.Advance(_now);
                Plan(host);
            }
        });
    }

    private void Commit(Host host, HostLease lease, long upto)
    {
        Fuel burnt = new((long)((upto - lease.Committed) * FuelPerIndex));
        TimeSpan busy = TimeSpan.FromSeconds(burnt.Units / (host.SlotRate * lease.Speed));
        lease.Committed = upto;
        lease.CommittedAt = _now;
        MessageCount++;
        CommitCount++;
        After(host.OneWay, () =>
        {
            CommitResult result = _state.Commit(_now, host.Id, lease.Id, Epoch, upto, burnt, busy, _effects);
            CommittedFuel += result.Status == CommitStatus.Accepted ? result.Range.Count * FuelPerIndex : 0;
            CarryOut();
        });
    }

    private sealed class HostLease(LeaseId id, IndexRange range, double speed)
    {
        public LeaseId Id { get; } = id;

        public long Begin { get; } = range.Begin;

        public double Speed { get; } = speed;

        public long End { get; set; } = range.End;

        public double Position { get; set; } = range.Begin;

        public long Committed { get; set; } = range.Begin;

        public TimeSpan CommittedAt { get; set; }
    }

    private sealed class Host(ChildId id, int slotCount, double slotRate)
    {
        private double _lost;

        public ChildId Id { get; } = id;

        public int SlotCount { get; } = slotCount;

        public double SlotRate { get; } = slotRate;

        public double Rate => SlotCount * SlotRate;

        public double OneWay { get; init; }

        public TimeSpan JoinedAt { get; init; }

        public TimeSpan UpdatedAt { get; set; }

        public bool IsGone { get; set; }

        public long Version { get; set; }

        public List<HostLease> Leases { get; } = [];

        public double Capacity(TimeSpan now) => (Rate * (now - JoinedAt).TotalSeconds) - _lost;

        public void Advance(TimeSpan now)
        {
            double seconds = (now - UpdatedAt).TotalSeconds;
            UpdatedAt = now;
            if (Leases.Count > 0 && seconds > 0)
            {
                HostLease head = Leases[0];
                head.Position = Math.Min(head.End, head.Position + (seconds * Rate * head.Speed / FuelPerIndex));
                _lost += Rate * seconds * (1 - head.Speed);
            }
        }
    }
}
