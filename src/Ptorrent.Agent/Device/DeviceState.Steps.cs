using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Agent.Device;

/// <content>The steps that the events have in common.</content>
internal sealed partial class DeviceState
{
    /// <summary>What holds after every event: all that may be committed or merged is, slots are held up or not, the
    /// window is announced, the next time is known.</summary>
    private void Settle()
    {
        CarryOut();
        foreach (DeviceLease lease in _leases.Values.ToArray())
        {
            Advance(lease);
        }

        CarryOut();
        HoldUp();
        AnnounceWindow();
        NextWakeAt = _leases.Values
            .Where(l => !l.NeedsMerge && l.AssembledUpTo > l.CommittedUpTo)
            .Select(l => (TimeSpan?)(l.LastCommitAt + _limits.CommitTimeMin))
            .Min();
        if (_isStopping && _leases.Count == 0 && !_isDrained)
        {
            _isDrained = true;
            _effects.Add(new DeviceEffect.Drained());
        }
    }

    /// <summary>Offers the indices of a lease up to here to the slots.</summary>
    private void Offer(DeviceLease lease, long upto)
    {
        if (upto > lease.OfferedUpTo)
        {
            long from = lease.OfferedUpTo;
            lease.OfferedUpTo = upto;
            if (lease.Job.IsReady)
            {
                AddWork(lease, from, upto);
            }
        }
    }

    private void AddWork(DeviceLease lease, long from, long upto)
    {
        if (from == upto || lease.IsMergeGrant)
        {
            return;
        }

        WorkId id = new(++_lastNumber);
        IndexRange range = new(from, upto);
        _works.Add(id, new CoreWork(id, lease, MergeCount: 0));
        lease.Works.Add(id, range);
        _leasing.AddWork(
            _now,
            WorkDescription.Of(id, lease.Job.RunClass, range) with
            {
                LeaseIndexCountMax = lease.Job.Mode == RunMode.Item ? _limits.ItemCountMax : long.MaxValue,
            },
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

    /// <summary>Turns what the leasing core decided into effects.</summary>
    private void CarryOut()
    {
        for (int i = 0; i < _leasingEffects.Count; i++)
        {
            LeasingEffect effect = _leasingEffects[i];
            switch (effect.Kind)
            {
                case LeasingEffectKind.Grant:
                    Start(effect);
                    break;
                case LeasingEffectKind.Cancel:
                    if (_runs.Remove(effect.Lease, out CoreRun? run))
                    {
                        run.Lease.RunCount--;
                        _effects.Add(new DeviceEffect.StopRun(effect.Lease));
                    }

                    break;
                case LeasingEffectKind.Revoke:
                    // What a slot has, it has begun.
                    _leasing.Keep(_now, effect.Child, effect.Lease, effect.Range.End, _leasingEffects);
                    break;
                case LeasingEffectKind.Complete:
                    if (_works.Remove(effect.Work, out CoreWork? work))
                    {
                        work.Lease.Works.Remove(effect.Work);
                    }

                    break;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }

        _leasingEffects.Clear();
    }

    private void Start(LeasingEffect grant)
    {
        CoreWork work = _works[grant.Work];
        DeviceLease lease = work.Lease;
        _runs.Add(grant.Lease, new CoreRun(grant.Child, work, grant.Range));
        lease.RunCount++;
        int slot = (int)grant.Child.Value;
        _effects.Add(work.MergeCount > 0
            ? new DeviceEffect.StartMerge(
                slot, grant.Lease, lease.Job.Id, [.. lease.MergePieces.Take(work.MergeCount)])
            : new DeviceEffect.StartRun(
                slot, grant.Lease, lease.Job.Id, grant.Range, lease.InputsOf(grant.Range)));
    }

    /// <summary>Commits, merges or gives back what this lease is ready for.</summary>
    private void Advance(DeviceLease lease)
    {
        bool isWhole = lease.AssembledUpTo == lease.End;
        if (lease.NeedsMerge)
        {
            AdvanceMerge(lease, isWhole);
        }
        else if (lease.AssembledUpTo > lease.CommittedUpTo
            && (isWhole
                || _isStopping
                || lease.AssembledBytes >= _limits.CommitBytesEager
                || _now - lease.LastCommitAt >= _limits.CommitTimeMin))
        {
            Commit(lease);
        }

        // What was committed goes up before the rest is given back, or it would not count.
        if (_isStopping && lease.RunCount == 0 && !lease.IsCommitted && lease.UnsentCount == 0)
        {
            Nack(lease, NackReason.NackStopping, "The agent stops.");
        }
    }

    private void AdvanceMerge(DeviceLease lease, bool isWhole)
    {
        if (lease.IsMerging || lease.MergePieces.Count == 0 || !lease.Job.IsReady)
        {
            return;
        }

        if (isWhole && lease.MergePieces.Count == 1)
        {
            Commit(lease);
        }
        else if (!_isStopping
            && lease.MergePieces.Count >= (isWhole ? 2 : _limits.MergePieceCountEager))
        {
            AddMerge(lease);
        }
    }

    private void Commit(DeviceLease lease)
    {
        (Commit frame, ReadOnlyMemory<byte> segment) = lease.TakeCommit(_now);
        _effects.Add(new DeviceEffect.Commit(lease.Number, frame, segment));
    }

    /// <summary>The program failed in this lease; others of its job go on and tell for themselves.</summary>
    private void Fail(DeviceLease lease, ModelFailure failure)
    {
        Send(new Frame
        {
            Nack = new Nack
            {
                Lease = lease.Id,
                Epoch = lease.Epoch,
                Reason = NackReason.NackProgramFailed,
                Failure = failure.ToFrame(),
            },
        });
        Drop(lease);
    }

    private void Nack(DeviceLease lease, NackReason reason, string detail)
    {
        Send(new Frame
        {
            Nack = new Nack
            {
                Lease = lease.Id,
                Epoch = lease.Epoch,
                Reason = reason,
                Detail = FrameConversions.Cut(detail),
            },
        });
        Drop(lease);
    }

    private void Send(Frame frame) => _effects.Add(new DeviceEffect.Send(frame));

    /// <summary>Forgets a lease and all that is under way for it.</summary>
    private void Drop(DeviceLease lease)
    {
        foreach (WorkId work in lease.Works.Keys.ToArray())
        {
            _leasing.RemoveWork(_now, work, _leasingEffects);
            CarryOut();
            _works.Remove(work);
        }

        lease.Works.Clear();
        Remove(lease);
    }

    private void RemoveIfDone(DeviceLease lease)
    {
        if (lease.IsCommitted && lease.UnsentCount == 0)
        {
            Invariant.Holds(lease.Works.Count == 0 && lease.RunCount == 0);
            Remove(lease);
        }
    }

    private void Remove(DeviceLease lease)
    {
        if (!_leases.Remove(lease.Number))
        {
            return;
        }

        _leasesById.Remove(lease.Id);
        _effects.Add(new DeviceEffect.DropLease(lease.Number));
        lease.Job.Leases.Remove(lease.Number);
        if (lease.Job.Leases.Count > 0)
        {
            return;
        }

        lease.Job.IdleSince = ++_lastNumber;
        DeviceJob[] idle = [.. _jobs.Values.Where(j => j.Leases.Count == 0).OrderBy(j => j.IdleSince)];
        foreach (DeviceJob job in idle.SkipLast(_limits.IdleJobCountMax))
        {
            Forget(job.Id);
        }
    }

    private void Forget(JobId id)
    {
        if (_jobs.Remove(id, out DeviceJob? job))
        {
            _leasing.ForgetClass(job.RunClass);
            _leasing.ForgetClass(job.MergeClass);
            _effects.Add(new DeviceEffect.ForgetProgram(id));
        }
    }

    /// <summary>Starts no runs while too much waits to go up; goes on when half of it is gone.</summary>
    private void HoldUp()
    {
        long unsent = _leases.Values.Sum(l => l.UnsentBytes);
        bool isHeldUp = unsent > 0
            && HeldBytes > (_isHeldUp ? _limits.HeldBytesMax / 2 : _limits.HeldBytesMax);
        if (isHeldUp == _isHeldUp || _isStopping)
        {
            return;
        }

        _isHeldUp = isHeldUp;
        for (int slot = 0; slot < _slotCount; slot++)
        {
            _leasing.SetWindow(_now, new ChildId(slot), isHeldUp ? Fuel.Zero : Plenty, _leasingEffects);
        }

        CarryOut();
    }

    private void AnnounceWindow()
    {
        if (!_isOpen)
        {
            return;
        }

        Fuel window = _isStopping ? Fuel.Zero : new ComputeRate(_leasing.Rate).FuelIn(_limits.WindowTime);
        double change = Math.Abs((double)window.Units - _announced.Units);
        if (window != _announced
            && (_announced == Fuel.Zero
                || window == Fuel.Zero
                || change > _limits.WindowShareMin * _announced.Units))
        {
            _announced = window;
            Send(new Frame { Window = new Window { Fuel = window.Units } });
        }
    }
}
