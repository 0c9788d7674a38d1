using System.Collections.Immutable;
using System.Diagnostics;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Agent.Device;

/// <summary>
/// What a device does with its harbor's leases: the harbor's ranges become works, which the leasing core cuts into
/// leases for the cores; what their feeders tell is put in order, combined and committed upward as prefixes, and kept
/// until the harbor says that it is durable. The committed bytes are the same however the ranges were cut and in
/// whatever order runs end. Leases outlive their link: docs/design/device.md. Pure: events with their time in, effects
/// out; besides, it takes from the back of the words that the feeders take from the front of. Not for several threads.
/// </summary>
internal sealed partial class DeviceState
{
    // Slots are bounded by the count and the time of their leases; this is more than they ever have.
    private static readonly Fuel Plenty = new(long.MaxValue / 4);

    private readonly DeviceLimits _limits;
    private readonly int _slotCount;
    private readonly LeasingState _leasing;
    private readonly SortedDictionary<LeaseNumber, DeviceLease> _leases = [];
    private readonly Dictionary<long, DeviceLease> _linked = [];
    private readonly SortedDictionary<LeaseNumber, DeviceLease> _away = [];
    private readonly Dictionary<JobId, DeviceJob> _jobs = [];
    private readonly Dictionary<WorkId, CoreWork> _works = [];
    private readonly Dictionary<LeaseId, CoreLease> _cores = [];
    private readonly List<CoreLease>[] _coresOfSlots;
    private readonly HeldBytes _held = new();
    private readonly List<LeasingEffect> _leasingEffects = [];
    private readonly List<DeviceLease> _touched = [];
    private readonly PriorityQueue<DeviceLease, TimeSpan> _waking = new();
    private List<DeviceEffect> _effects = [];
    private TimeSpan _now;
    private HarborId? _harbor;
    private long _lastNumber;
    private long _eventCount;
    private int _unansweredCount;
    private bool _isOpen;
    private bool _isStopping;
    private bool _isDrained;
    private bool _isHeldUp;
    private Fuel _announced = Fuel.Zero;

    /// <summary>Starts without a link.</summary>
    /// <param name="limits">How leases are handled.</param>
    /// <param name="slotCount">Executor slots, at least one; they are numbered from 0.</param>
    /// <param name="slotRate">The measured speed of one.</param>
    public DeviceState(DeviceLimits limits, int slotCount, ComputeRate slotRate)
    {
        _limits = limits;
        _slotCount = slotCount;
        _coresOfSlots = [.. Enumerable.Range(0, slotCount).Select(_ => new List<CoreLease>())];

        // The cores' leases end with this process, so that one epoch is enough among them.
        _leasing = new LeasingState(limits.Cores, new LeaseEpoch(1));
        for (int slot = 0; slot < slotCount; slot++)
        {
            _leasing.AddChild(_now, new ChildId(slot), 1, slotRate);
        }

        SetCoreWindows(Plenty);
    }

    /// <summary>When <see cref="DeviceEvent.TimePassed"/> is due; null while nothing waits for time.</summary>
    public TimeSpan? NextWakeAt { get; private set; }

    /// <summary>Leases that are held.</summary>
    public int LeaseCount => _leases.Count;

    /// <summary>What cores have.</summary>
    public int CoreLeaseCount => _cores.Count;

    /// <summary>Bytes of output that are held.</summary>
    public long HeldBytes => _held.Total;

    /// <summary>
    /// The leases of the links before that the device still has, under their numbers, for the greeting of the next
    /// link: a harbor that began anew gives out its ids again, and leases of several of its lives may be here. What is
    /// beyond the protocol's bound is dropped.
    /// </summary>
    public ImmutableArray<Holding> TakeHoldings(List<DeviceEffect> effects)
    {
        Invariant.Holds(!_isOpen);
        _effects = effects;
        foreach (DeviceLease lease in _away.Values.Skip(Link.LinkLimits.HoldingCountMax).ToArray())
        {
            Drop(lease);
        }

        _unansweredCount = _away.Count;
        return
        [
            .. _away.Values.Select(l => new Holding
            {
                Lease = l.Number.Value,
                Epoch = l.Epoch,
                Job = l.Job.Id.Value,
                Begin = l.ReceivedUpTo,
                End = l.End,
            }),
        ];
    }

    /// <summary>Handles one event.</summary>
    /// <param name="now">The time since some fixed moment; it never goes back.</param>
    /// <param name="happened">What happened.</param>
    /// <param name="effects">Takes what is to be done, in order.</param>
    /// <exception cref="InvariantException">A bug, here or in the caller.</exception>
    public void Handle(TimeSpan now, DeviceEvent happened, List<DeviceEffect> effects)
    {
        (_now, _effects) = (now, effects);
        _eventCount++;
        switch (happened)
        {
            case DeviceEvent.LinkOpened opened:
                OnLinkOpened(opened.Harbor);
                break;
            case DeviceEvent.LinkLost:
                OnLinkLost();
                break;
            case DeviceEvent.Granted granted:
                OnGranted(granted.Grant, granted.Description);
                break;
            case DeviceEvent.Received received:
                OnReceived(received.Lease, received.Upto);
                break;
            case DeviceEvent.Cancelled cancelled:
                OnCancelled(cancelled.Lease);
                break;
            case DeviceEvent.Revoked revoked:
                OnRevoked(revoked.Lease, revoked.From);
                break;
            case DeviceEvent.ProgramReady ready:
                OnProgramReady(ready.Job);
                break;
            case DeviceEvent.ProgramRefused refused:
                OnProgramRefused(refused.Job, refused.Message);
                break;
            case DeviceEvent.ProgramUnavailable unavailable:
                OnProgramUnavailable(unavailable);
                break;
            case DeviceEvent.InputsReady ready:
                OnInputsReady(ready.Lease, ready.Upto);
                break;
            case DeviceEvent.PartsReady ready:
                OnPartsReady(ready.Lease, ready.Parts);
                break;
            case DeviceEvent.LeaseImpossible impossible:
                OnLeaseImpossible(impossible);
                break;
            case DeviceEvent.Uploaded uploaded:
                OnUploaded(uploaded);
                break;
            case DeviceEvent.UploadFailed failed:
                OnUploadFailed(failed);
                break;
            case DeviceEvent.TimePassed:
                _leasing.PassTime(now, _leasingEffects);
                break;
            case DeviceEvent.Stopping:
                OnStopping();
                break;
            default:
                throw new UnreachableException();
        }

        Settle();
    }

    /// <summary>Takes in what cores tell, those of one core in its order.</summary>
    /// <param name="now">As for any event.</param>
    /// <param name="reports">What they tell.</param>
    /// <param name="effects">Takes what is to be done, in order.</param>
    /// <exception cref="InvariantException">A bug, here or in the caller.</exception>
    public void Handle(TimeSpan now, ReadOnlySpan<CoreReport> reports, List<DeviceEffect> effects)
    {
        (_now, _effects) = (now, effects);
        _eventCount++;
        foreach (ref readonly CoreReport report in reports)
        {
            OnReported(in report);
        }

        Settle();
    }

    /// <summary>What holds after every event: all that may be committed or merged is, cores are held up or not, the
    /// window is announced, the next time is known.</summary>
    private void Settle()
    {
        CarryOut();
        while (_waking.TryPeek(out DeviceLease? lease, out TimeSpan at) && at <= _now)
        {
            _waking.Dequeue();
            lease.WakeAt = lease.WakeAt == at ? null : lease.WakeAt;
            Touch(lease);
        }

        // Advancing one lease may touch others, by the leasing core.
        for (int i = 0; i < _touched.Count; i++)
        {
            _touched[i].IsTouched = false;
            Advance(_touched[i]);
            CarryOut();
        }

        _touched.Clear();
        HoldUp();
        AnnounceWindow();
        SetNextWake();
        if (_isStopping && _leases.Count == 0 && !_isDrained)
        {
            _isDrained = true;
            _effects.Add(new DeviceEffect.Drained());
        }
    }

    /// <summary>Something of the lease has changed: it is looked at before the event is over.</summary>
    private void Touch(DeviceLease lease)
    {
        if (!lease.IsTouched && _leases.ContainsKey(lease.Number))
        {
            lease.IsTouched = true;
            _touched.Add(lease);
        }
    }

    private void Wake(DeviceLease lease, TimeSpan at)
    {
        if (lease.WakeAt is null || at < lease.WakeAt)
        {
            lease.WakeAt = at;
            _waking.Enqueue(lease, at);
        }
    }

    private void SetNextWake()
    {
        while (_waking.TryPeek(out DeviceLease? lease, out TimeSpan at) && lease.WakeAt != at)
        {
            _waking.Dequeue();
        }

        NextWakeAt = _waking.TryPeek(out _, out TimeSpan first) ? first : null;
        if (_leasing.NextWakeAt is { } leasing && !(NextWakeAt <= leasing))
        {
            NextWakeAt = leasing;
        }
    }

    private void Send(Frame frame) => _effects.Add(new DeviceEffect.Send(frame));
}
