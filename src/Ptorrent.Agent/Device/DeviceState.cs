using System.Collections.Immutable;
using System.Diagnostics;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Agent.Device;

/// <summary>
/// What a device does with its harbor's leases: the harbor's ranges become works, which the leasing core cuts into
/// runs of some milliseconds for the executor slots; what comes back is put in order, combined and committed upward as
/// prefixes. The committed bytes are the same however the ranges were cut and in whatever order runs end. Pure: events
/// with their time in, effects out. Not for several threads.
/// </summary>
internal sealed partial class DeviceState
{
    // Slots are bounded by the count and the time of their leases; this is more than they ever have.
    private static readonly Fuel Plenty = new(long.MaxValue / 4);

    private readonly DeviceLimits _limits;
    private readonly int _slotCount;
    private readonly LeasingState _leasing;
    private readonly SortedDictionary<LeaseNumber, DeviceLease> _leases = [];
    private readonly Dictionary<long, DeviceLease> _leasesById = [];
    private readonly Dictionary<JobId, DeviceJob> _jobs = [];
    private readonly Dictionary<WorkId, CoreWork> _works = [];
    private readonly Dictionary<LeaseId, CoreRun> _runs = [];
    private readonly List<LeasingEffect> _leasingEffects = [];
    private List<DeviceEffect> _effects = [];
    private TimeSpan _now;
    private long _lastNumber;
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

        // Runs end with this process, so that one epoch is enough among the slots.
        _leasing = new LeasingState(LeasingLimits.Core, new LeaseEpoch(1));
        for (int slot = 0; slot < slotCount; slot++)
        {
            _leasing.AddChild(_now, new ChildId(slot), 1, slotRate);
            _leasing.SetWindow(_now, new ChildId(slot), Plenty, _leasingEffects);
        }
    }

    /// <summary>When <see cref="DeviceEvent.TimePassed"/> is due; null while nothing waits for time.</summary>
    public TimeSpan? NextWakeAt { get; private set; }

    /// <summary>Leases that are held.</summary>
    public int LeaseCount => _leases.Count;

    /// <summary>Runs and merges that are with the slots.</summary>
    public int RunCount => _runs.Count;

    /// <summary>Bytes of output that are held.</summary>
    public long HeldBytes => _leases.Values.Sum(l => l.HeldBytes);

    /// <summary>Handles one event.</summary>
    /// <param name="now">The time since some fixed moment; it never goes back.</param>
    /// <param name="happened">What happened.</param>
    /// <param name="effects">Takes what is to be done, in order.</param>
    /// <exception cref="InvariantException">A bug, here or in the caller.</exception>
    public void Handle(TimeSpan now, DeviceEvent happened, List<DeviceEffect> effects)
    {
        _effects = effects;
        _now = now;
        switch (happened)
        {
            case DeviceEvent.LinkOpened:
                OnLinkOpened();
                break;
            case DeviceEvent.LinkLost:
                OnLinkLost();
                break;
            case DeviceEvent.Granted granted:
                OnGranted(granted.Grant, granted.Description);
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
            case DeviceEvent.RunCompleted completed:
                OnRunCompleted(completed);
                break;
            case DeviceEvent.RunFailed failed:
                OnRunFailed(failed);
                break;
            case DeviceEvent.RunLost lost:
                OnRunLost(lost);
                break;
            case DeviceEvent.RunImpossible impossible:
                OnRunImpossible(impossible);
                break;
            case DeviceEvent.CommitSent sent:
                OnCommitSent(sent.Lease);
                break;
            case DeviceEvent.TimePassed:
                break;
            case DeviceEvent.Stopping:
                OnStopping();
                break;
            default:
                throw new UnreachableException();
        }

        Settle();
    }

    private void OnLinkOpened()
    {
        Invariant.Holds(!_isOpen && _leases.Count == 0);
        _isOpen = true;
        _announced = Fuel.Zero;
    }

    private void OnLinkLost()
    {
        _isOpen = false;
        foreach (DeviceLease lease in _leases.Values.ToArray())
        {
            Drop(lease);
        }
    }

    private void OnGranted(Grant grant, JobDescription description)
    {
        Invariant.Holds(_isOpen);
        if (!_jobs.TryGetValue(new JobId(grant.Job), out DeviceJob? job))
        {
            job = new DeviceJob(new JobId(grant.Job), description, ++_lastNumber);
            _jobs.Add(job.Id, job);
            if (job.IsKnown)
            {
                _effects.Add(new DeviceEffect.PrepareProgram(job.Id, description));
            }
        }

        DeviceLease lease = new(new LeaseNumber(++_lastNumber), grant, job, _now);
        Invariant.Holds(_leasesById.TryAdd(lease.Id, lease));
        _leases.Add(lease.Number, lease);
        job.Leases.Add(lease.Number, lease);
        if (_isStopping)
        {
            Nack(lease, NackReason.NackStopping, "The agent stops.");
        }
        else if (!job.IsKnown || (!lease.Inputs.IsEmpty && job.Mode != RunMode.Item))
        {
            Nack(lease, NackReason.NackNoRoom, "This version of the agent cannot run such a job: update it.");
        }
        else if (lease.IsMergeGrant)
        {
            _effects.Add(new DeviceEffect.FetchParts(lease.Number, lease.Parts));
        }
        else if (!lease.Inputs.IsEmpty)
        {
            _effects.Add(new DeviceEffect.FetchInputs(lease.Number, lease.Range.Begin, lease.Inputs));
        }
        else
        {
            Offer(lease, lease.End);
        }
    }

    private void OnCancelled(long id)
    {
        if (_leasesById.TryGetValue(id, out DeviceLease? lease))
        {
            Drop(lease);
        }
    }

    private void OnRevoked(long id, long from)
    {
        if (!_leasesById.TryGetValue(id, out DeviceLease? lease))
        {
            return;
        }

        // A merge is one piece of work; what is committed and on its way is kept whole.
        if (!lease.IsMergeGrant && !lease.IsCommitted)
        {
            CutTail(lease, Math.Max(from, lease.AssembledUpTo));
        }

        Send(new Frame { Keep = new Keep { Lease = id, From = lease.End } });
        CarryOut();
        RemoveIfDone(lease);
    }

    /// <summary>Shortens a lease to <paramref name="cut"/>, or to the end of what has begun where that is
    /// later.</summary>
    private void CutTail(DeviceLease lease, long cut)
    {
        if (!lease.Job.IsReady)
        {
            lease.OfferedUpTo = Math.Min(lease.OfferedUpTo, cut);
        }

        lease.End = Math.Max(cut, lease.OfferedUpTo);
        foreach ((WorkId work, IndexRange range) in lease.Works.Reverse().ToArray())
        {
            if (_works[work].MergeCount > 0)
            {
                continue;
            }

            if (range.End != lease.End || cut >= lease.End)
            {
                break;
            }

            lease.End = lease.OfferedUpTo = _leasing.CutTail(_now, work, cut, range.End, _leasingEffects);
            if (lease.End > range.Begin)
            {
                lease.Works[work] = new IndexRange(range.Begin, lease.End);
                break;
            }
        }
    }

    private void OnProgramReady(JobId id)
    {
        if (_jobs.TryGetValue(id, out DeviceJob? job) && !job.IsReady)
        {
            job.IsReady = true;
            foreach (DeviceLease lease in job.Leases.Values)
            {
                AddWork(lease, lease.CommittedUpTo, lease.OfferedUpTo);
            }
        }
    }

    private void OnProgramRefused(JobId id, string message)
    {
        if (_jobs.TryGetValue(id, out DeviceJob? job))
        {
            foreach (DeviceLease lease in job.Leases.Values.ToArray())
            {
                Fail(lease, new ModelFailure(lease.Range.Begin, TrapCode.LoadFailed, message, Fuel.Zero));
            }
        }

        Forget(id);
    }

    private void OnProgramUnavailable(DeviceEvent.ProgramUnavailable unavailable)
    {
        if (_jobs.TryGetValue(unavailable.Job, out DeviceJob? job))
        {
            foreach (DeviceLease lease in job.Leases.Values.ToArray())
            {
                Nack(lease, unavailable.Reason, unavailable.Detail);
            }
        }

        Forget(unavailable.Job);
    }

    private void OnInputsReady(LeaseNumber number, long upto)
    {
        if (_leases.TryGetValue(number, out DeviceLease? lease))
        {
            Offer(lease, Math.Min(upto, lease.End));
        }
    }

    private void OnPartsReady(LeaseNumber number, ImmutableArray<ReadOnlyMemory<byte>> parts)
    {
        if (_leases.TryGetValue(number, out DeviceLease? lease))
        {
            lease.AddParts(parts);
        }
    }

    private void OnLeaseImpossible(DeviceEvent.LeaseImpossible impossible)
    {
        if (_leases.TryGetValue(impossible.Lease, out DeviceLease? lease))
        {
            Nack(lease, impossible.Reason, impossible.Detail);
        }
    }

    private void OnRunCompleted(DeviceEvent.RunCompleted completed)
    {
        if (!_runs.Remove(completed.Run, out CoreRun? run))
        {
            return;
        }

        run.Lease.RunCount--;
        CommitResult result = _leasing.Commit(
            _now,
            run.Slot,
            completed.Run,
            _leasing.Epoch,
            run.Range.End,
            completed.Burnt,
            completed.Busy,
            _leasingEffects);
        Invariant.Holds(result.Status == CommitStatus.Accepted);
        CarryOut();
        if (run.Work.MergeCount > 0)
        {
            run.Lease.AddMerge(run.Work.MergeCount, completed.Segment, completed.Burnt, completed.Busy);
            return;
        }

        try
        {
            run.Lease.AddRun(run.Range, completed.Segment, completed.Burnt, completed.Busy);
        }
        catch (SegmentException exception)
        {
            Fail(run.Lease, new ModelFailure(run.Range.Begin, TrapCode.BadOutput, exception.Message, completed.Burnt));
        }
    }

    private void OnRunFailed(DeviceEvent.RunFailed failed)
    {
        if (!_runs.Remove(failed.Run, out CoreRun? run))
        {
            return;
        }

        run.Lease.RunCount--;

        // A merge has no index of its own; it belongs to what it merges.
        Fail(
            run.Lease,
            run.Range.Contains(failed.Failure.Index) && run.Work.MergeCount == 0
                ? failed.Failure
                : failed.Failure with { Index = run.Lease.Range.Begin });
    }

    private void OnRunLost(DeviceEvent.RunLost lost)
    {
        if (!_runs.Remove(lost.Run, out CoreRun? run))
        {
            return;
        }

        run.Lease.RunCount--;
        _leasing.Nack(_now, run.Slot, lost.Run, _leasing.Epoch, _leasingEffects);
        CarryOut();
        if (_leasing.Progress(run.Work.Id)?.ExcludedCount == _slotCount)
        {
            Nack(run.Lease, NackReason.NackNoRoom, lost.Detail);
        }
    }

    private void OnRunImpossible(DeviceEvent.RunImpossible impossible)
    {
        if (_runs.Remove(impossible.Run, out CoreRun? run))
        {
            run.Lease.RunCount--;
            Nack(run.Lease, impossible.Reason, impossible.Detail);
        }
    }

    private void OnCommitSent(LeaseNumber number)
    {
        if (_leases.TryGetValue(number, out DeviceLease? lease))
        {
            lease.MarkSent();
            RemoveIfDone(lease);
        }
    }

    private void OnStopping()
    {
        _isStopping = true;
        AnnounceWindow();
        for (int slot = 0; slot < _slotCount; slot++)
        {
            _leasing.SetWindow(_now, new ChildId(slot), Fuel.Zero, _leasingEffects);
        }
    }
}
