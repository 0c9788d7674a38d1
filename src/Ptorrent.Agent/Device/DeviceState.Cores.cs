using System.Collections.Immutable;
using System.Diagnostics;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Ptorrent.Work.Ranges;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Agent.Device;

/// <content>What the cores are given, and what comes back from them.</content>
internal sealed partial class DeviceState
{
    /// <summary>Offers the indices of a lease up to here to the cores.</summary>
    private void Offer(DeviceLease lease, long upto)
    {
        if (upto > lease.OfferedUpTo)
        {
            IndexRange offered = new(lease.OfferedUpTo, upto);
            lease.OfferedUpTo = upto;
            if (lease.Job.IsReady)
            {
                AddWork(lease, [offered]);
            }
        }
    }

    private void AddWork(DeviceLease lease, ImmutableArray<IndexRange> ranges)
    {
        if (ranges.IsEmpty)
        {
            return;
        }

        WorkId id = new(++_lastNumber);
        _works.Add(id, new CoreWork(id, lease, MergeCount: 0));
        lease.Works.Add(id, new IndexRange(ranges[0].Begin, ranges[^1].End));
        _leasing.AddWork(
            _now,
            new WorkDescription(id, lease.Job.RunClass, ranges) { LeaseIndexCountMax = CoreRange.CountMax },
            _leasingEffects);
        CarryOut();
    }

    private void AddMerge(DeviceLease lease)
    {
        WorkId id = new(++_lastNumber);
        lease.IsMerging = true;
        _works.Add(id, new CoreWork(id, lease, lease.MergePieces.Count));
        lease.Works.Add(id, new IndexRange(0, 1));

        // A lease waits for its merge alone, so it goes before all that is only to be run.
        _leasing.AddWork(
            _now,
            WorkDescription.Of(id, lease.Job.MergeClass, new IndexRange(0, 1)) with { IsUrgent = true },
            _leasingEffects);
        CarryOut();
    }

    /// <summary>Does what the leasing core decided. What a core gives back at once makes it decide again.</summary>
    private void CarryOut()
    {
        for (int i = 0; i < _leasingEffects.Count; i++)
        {
            LeasingEffect effect = _leasingEffects[i];
            switch (effect.Kind)
            {
                case LeasingEffectKind.Grant:
                    Give(effect);
                    break;
                case LeasingEffectKind.Cancel:
                    if (_cores.TryGetValue(effect.Lease, out CoreLease? cancelled))
                    {
                        Stop(cancelled);
                    }

                    break;
                case LeasingEffectKind.Revoke:
                    if (_cores.TryGetValue(effect.Lease, out CoreLease? core))
                    {
                        Revoke(core, effect.Range.Begin);
                    }

                    break;
                case LeasingEffectKind.Complete:
                    if (_works.Remove(effect.Work, out CoreWork? work))
                    {
                        work.Lease.Works.Remove(effect.Work);
                    }

                    break;
                default:
                    throw new UnreachableException();
            }
        }

        _leasingEffects.Clear();
    }

    private void Give(LeasingEffect grant)
    {
        CoreWork work = _works[grant.Work];
        DeviceLease lease = work.Lease;
        double secondsPerIndex = _leasing.CostOf(lease.Job.RunClass) is { } cost
            ? cost.FuelPerIndex / _leasing.RateOf(grant.Child)
            : 0;
        CoreLease core = new(
            grant, work, secondsPerIndex, lease.Job.Mode == RunMode.Item ? _limits.ItemCountMax : long.MaxValue);
        if (!work.IsMerge)
        {
            core.Strip = lease.OpenStrip(grant.Range);
        }

        core.GivenIn = _eventCount;
        _coresOfSlots[core.Slot].Add(core);
        _cores.Add(core.Id, core);
        lease.Cores.Add(core);
        _effects.Add(new DeviceEffect.GiveCore(core));
    }

    /// <summary>Takes from a core what the leasing core wants back, by its word, as far as it has not begun, and tells
    /// at once where the core's part ends: revoke and keep without the way between.</summary>
    private void Revoke(CoreLease core, long from)
    {
        // A core that has nothing before it begins it at once, and what was given in this event is on its way to the
        // core: the first index stays, or two idle cores would hand a single index to each other for ever.
        bool isBeginning = core == _coresOfSlots[core.Slot][0] || core.GivenIn == _eventCount;
        long begin = isBeginning ? core.Range.Begin + 1 : core.Range.Begin;
        long end = core.Left.TakeBack(Math.Max(from, begin)).Begin;
        _leasing.Keep(_now, new ChildId(core.Slot), core.Id, end, _leasingEffects);
        EndAt(core, end);
    }

    /// <summary>Takes from a core what it has not begun from <paramref name="from"/> on, unasked.</summary>
    private void Shorten(CoreLease core, long from)
    {
        long end = core.Left.TakeBack(from).Begin;
        _leasing.GiveBack(_now, new ChildId(core.Slot), core.Id, end, _leasingEffects);
        EndAt(core, end);
    }

    private void EndAt(CoreLease core, long end)
    {
        core.End = end;
        if (core.Strip is { } strip)
        {
            strip.End = end;
        }

        RemoveIfDone(core);
    }

    private void RemoveIfDone(CoreLease core)
    {
        if (core.DoneUpTo == core.End)
        {
            Remove(core);
        }
    }

    private void Remove(CoreLease core)
    {
        core.IsOver = true;
        _cores.Remove(core.Id);
        _coresOfSlots[core.Slot].Remove(core);
        core.Work.Lease.Cores.Remove(core);
    }

    private void Stop(CoreLease core)
    {
        _effects.Add(new DeviceEffect.StopCore(core));
        EndAt(core, core.DoneUpTo);
    }

    /// <summary>Takes all of a lease from the cores; nothing of it is under way any more.</summary>
    private void TakeFromCores(DeviceLease lease)
    {
        foreach (CoreLease core in lease.Cores.ToArray())
        {
            Stop(core);
        }

        foreach (WorkId work in lease.Works.Keys.ToArray())
        {
            // What is granted of the lease's next work meanwhile is cancelled with that.
            _leasing.RemoveWork(_now, work, _leasingEffects);
            CarryOut();
            _works.Remove(work);
        }

        lease.Works.Clear();
    }

    private void OnReported(in CoreReport report)
    {
        CoreLease core = report.Lease;
        if (core.IsOver)
        {
            return;
        }

        DeviceLease lease = core.Work.Lease;
        switch (report.End.Kind)
        {
            case RunEndKind.Completed:
                OnCompleted(core, lease, in report);
                break;
            case RunEndKind.Failed:
                OnFailed(core, lease, report.End.Failure!); // It comes with this kind.
                break;
            case RunEndKind.Lost:
                OnLost(core, lease, report.End.Detail!); // It comes with this kind.
                break;
            case RunEndKind.Impossible:
                Nack(lease, report.End.Reason, report.End.Detail!); // It comes with this kind.
                break;
            case RunEndKind.Stopped:
            default:
                throw new UnreachableException();
        }

        Touch(lease);
    }

    private void OnCompleted(CoreLease core, DeviceLease lease, in CoreReport report)
    {
        RunEnd end = report.End;
        Invariant.Holds(report.Range.Begin == core.DoneUpTo && report.Range.End <= core.End);
        core.DoneUpTo = report.Range.End;
        CommitResult result = _leasing.Commit(
            _now,
            new ChildId(core.Slot),
            core.Id,
            _leasing.Epoch,
            report.Range.End,
            end.Burnt,
            end.Busy,
            _leasingEffects);
        Invariant.Holds(result.Status == CommitStatus.Accepted);
        RemoveIfDone(core);
        try
        {
            if (core.IsMerge)
            {
                lease.AddMerge(core.Work.MergeCount, end);
            }
            else
            {
                // A core's lease that is to be run has a strip.
                lease.Add(core.Strip!, new Piece(report.Range, end.Segment, end.Burnt, end.Busy));
            }
        }
        catch (SegmentException exception)
        {
            Fail(lease, new ModelFailure(report.Range.Begin, TrapCode.BadOutput, exception.Message, end.Burnt));
        }
    }

    private void OnFailed(CoreLease core, DeviceLease lease, ModelFailure failure)
    {
        // A merge has no index of its own; it belongs to what it merges.
        bool isInside = !core.IsMerge && failure.Index >= lease.Begin && failure.Index < lease.End;
        Fail(lease, isInside ? failure : failure with { Index = lease.Begin });
    }

    private void OnLost(CoreLease core, DeviceLease lease, string detail)
    {
        _leasing.Nack(_now, new ChildId(core.Slot), core.Id, _leasing.Epoch, _leasingEffects);
        Stop(core);
        CarryOut();
        if (_leasing.Progress(core.Work.Id)?.ExcludedCount == _slotCount)
        {
            Nack(lease, NackReason.NackNoRoom, detail);
        }
    }

    private void SetCoreWindows(Fuel window)
    {
        for (int slot = 0; slot < _slotCount; slot++)
        {
            _leasing.SetWindow(_now, new ChildId(slot), window, _leasingEffects);
        }
    }
}
