using System.Collections.Immutable;
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

/// <content>How leases come, outlive their link, are cut and go.</content>
internal sealed partial class DeviceState
{
    private void OnLinkOpened(HarborId harbor)
    {
        Invariant.Holds(!_isOpen && _linked.Count == 0);
        _isOpen = true;
        _announced = Fuel.Zero;
        if (_harbor is { } last && last != harbor)
        {
            DropAll();
        }

        _harbor = harbor;
    }

    private void OnLinkLost()
    {
        _isOpen = false;
        foreach (DeviceLease lease in _linked.Values.ToArray())
        {
            // A merge is short, and its parts are the harbor's.
            if (lease.IsMergeGrant || _isStopping)
            {
                Drop(lease);
            }
            else
            {
                lease.Unlink();
                _linked.Remove(lease.Id);
                _away.Add(lease.Number, lease);
            }
        }

        if (_isStopping)
        {
            DropAll();
        }
    }

    private void OnGranted(Grant grant, JobDescription description)
    {
        Invariant.Holds(_isOpen);
        if (grant.Resumes != 0)
        {
            _unansweredCount--;
            if (_away.Remove(new LeaseNumber(grant.Resumes), out DeviceLease? away))
            {
                Resume(away, grant);
                return;
            }
        }

        if (!_jobs.TryGetValue(new JobId(grant.Job), out DeviceJob? job))
        {
            job = new DeviceJob(new JobId(grant.Job), description, ++_lastNumber, _now);
            _jobs.Add(job.Id, job);
            if (job.IsKnown)
            {
                _effects.Add(new DeviceEffect.PrepareProgram(job.Id, description));
            }
        }

        DeviceLease lease = new(new LeaseNumber(++_lastNumber), grant, job, _held);
        Invariant.Holds(_linked.TryAdd(lease.Id, lease));
        _leases.Add(lease.Number, lease);
        job.Leases.Add(lease.Number, lease);
        Touch(lease);
        if (_isStopping)
        {
            Nack(lease, NackReason.NackStopping, "The agent stops.");
        }
        else if (grant.Resumes != 0)
        {
            Nack(lease, NackReason.NackNoRoom, "The agent has nothing of that lease any more.");
        }
        else if (!job.IsKnown || (!lease.Inputs.IsEmpty && job.Mode != RunMode.Item))
        {
            Nack(lease, NackReason.NackNoRoom, "This version of the agent cannot run such a job: update it.");
        }
        else if (lease.IsMergeGrant)
        {
            _effects.Add(new DeviceEffect.FetchParts(lease.Number, lease.Parts));
        }
        else
        {
            BeginInputs(lease);
        }
    }

    /// <summary>Goes on with a lease of an earlier link, as far as the harbor still wants it.</summary>
    private void Resume(DeviceLease lease, Grant grant)
    {
        lease.Link(grant);
        Invariant.Holds(_linked.TryAdd(lease.Id, lease));
        Touch(lease);
        if (_isStopping)
        {
            Nack(lease, NackReason.NackStopping, "The agent stops.");
            return;
        }

        Fit(lease, grant.ToRange());
        if (lease.NeedsFetch)
        {
            lease.NeedsFetch = false;
            BeginInputs(lease);
        }
    }

    /// <summary>Makes a lease one of another range. Mostly it is the same one, or a shorter one that ends before what
    /// was begun or begins where a commit ended; then the cores notice nothing.</summary>
    private void Fit(DeviceLease lease, IndexRange wanted)
    {
        if (wanted.End < lease.End)
        {
            CutTail(lease, Math.Max(wanted.End, lease.AssembledUpTo));
        }

        if (lease.End == wanted.End && lease.TryBeginAt(wanted.Begin))
        {
            return;
        }

        TakeFromCores(lease);
        try
        {
            AddWork(lease, lease.Refit(wanted));
        }
        catch (SegmentException exception)
        {
            Fail(lease, new ModelFailure(wanted.Begin, TrapCode.BadOutput, exception.Message, Fuel.Zero));
        }
    }

    /// <summary>Fetches the inputs that are not offered yet, or offers all where there are none to fetch.</summary>
    private void BeginInputs(DeviceLease lease)
    {
        if (lease.Inputs.IsEmpty)
        {
            Offer(lease, lease.End);
        }
        else if (lease.OfferedUpTo < lease.End)
        {
            _effects.Add(new DeviceEffect.FetchInputs(
                lease.Number,
                lease.OfferedUpTo,
                [.. lease.InputsOf(new IndexRange(lease.OfferedUpTo, lease.End)).Span]));
        }
    }

    private void OnCancelled(long id)
    {
        // Holdings are answered before anything else is said on a link: docs/protocol/link.md. One that is over by
        // now is answered too, and its number may be the id of a lease.
        bool isHolding = _unansweredCount > 0;
        _unansweredCount -= isHolding ? 1 : 0;
        if (isHolding
            ? _away.TryGetValue(new LeaseNumber(id), out DeviceLease? lease)
            : _linked.TryGetValue(id, out lease))
        {
            Drop(lease);
        }
    }

    private void OnRevoked(long id, long from)
    {
        if (!_linked.TryGetValue(id, out DeviceLease? lease))
        {
            return;
        }

        // What is committed is kept whole; it may be on its way up for long, and the harbor waits for the answer.
        if (!lease.IsCommitted)
        {
            CutTail(lease, Math.Max(from, lease.AssembledUpTo));
        }

        Send(new Frame { Keep = new Keep { Lease = id, From = lease.End } });
        Touch(lease);
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
        if (lease.End == cut)
        {
            return;
        }

        // What cores have not begun goes back to the works first; closed windows keep it from being handed out again.
        SetCoreWindows(Fuel.Zero);
        foreach (CoreLease core in lease.Cores.Where(c => !c.IsMerge && c.End > cut).ToArray())
        {
            Shorten(core, cut);
        }

        foreach ((WorkId work, IndexRange range) in lease.Works.Reverse().ToArray())
        {
            if (_works[work].IsMerge)
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

        CarryOut();
        SetCoreWindows(_isHeldUp || _isStopping ? Fuel.Zero : Plenty);
        CarryOut();
    }

    private void OnProgramReady(JobId id)
    {
        if (_jobs.TryGetValue(id, out DeviceJob? job) && !job.IsReady)
        {
            job.IsReady = true;
            foreach (DeviceLease lease in job.Leases.Values)
            {
                if (lease.OfferedUpTo > lease.CommittedUpTo && !lease.IsMergeGrant)
                {
                    AddWork(lease, [new IndexRange(lease.CommittedUpTo, lease.OfferedUpTo)]);
                }

                Touch(lease);
            }
        }
    }

    private void OnProgramRefused(JobId id, string message)
    {
        if (_jobs.TryGetValue(id, out DeviceJob? job))
        {
            foreach (DeviceLease lease in job.Leases.Values.ToArray())
            {
                Fail(lease, new ModelFailure(lease.Begin, TrapCode.LoadFailed, message, Fuel.Zero));
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
            Touch(lease);
        }
    }

    private void OnLeaseImpossible(DeviceEvent.LeaseImpossible impossible)
    {
        if (!_leases.TryGetValue(impossible.Lease, out DeviceLease? lease))
        {
            return;
        }

        if (lease.IsLinked)
        {
            Nack(lease, impossible.Reason, impossible.Detail);
        }
        else
        {
            // The harbor is away, and with it its blobs; what is here is worked on meanwhile.
            lease.NeedsFetch = true;
        }
    }

    private void OnStopping()
    {
        _isStopping = true;
        AnnounceWindow();
        SetCoreWindows(Fuel.Zero);
        _effects.Add(new DeviceEffect.PauseCores(true));
        foreach (CoreLease core in _cores.Values.ToArray())
        {
            // Its end is all that has begun of it: when that has come back, nothing is under way any more.
            EndAt(core, core.Left.TakeBack(core.Range.Begin).Begin);
        }

        foreach (DeviceLease lease in _leases.Values.ToArray())
        {
            if (lease.IsLinked)
            {
                Touch(lease);
            }
            else
            {
                Drop(lease);
            }
        }
    }

    /// <summary>The program failed in this lease; others of its job go on and tell for themselves.</summary>
    private void Fail(DeviceLease lease, ModelFailure failure)
    {
        if (lease.IsLinked)
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
        }

        Drop(lease);
    }

    /// <summary>Gives a lease back; one whose link is lost is not named any more, which says the same.</summary>
    private void Nack(DeviceLease lease, NackReason reason, string detail)
    {
        if (lease.IsLinked)
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
        }

        Drop(lease);
    }

    private void DropAll()
    {
        foreach (DeviceLease lease in _leases.Values.ToArray())
        {
            Drop(lease);
        }
    }

    /// <summary>Forgets a lease and all that is under way for it.</summary>
    private void Drop(DeviceLease lease)
    {
        if (_leases.Remove(lease.Number))
        {
            TakeFromCores(lease);
            Remove(lease);
        }
    }

    private void RemoveIfDone(DeviceLease lease)
    {
        // Whoever stops does not wait for receipts: what is on the line counts.
        if (lease.IsCommitted && (_isStopping ? lease.IsSent : lease.Commits.Count == 0))
        {
            Invariant.Holds(lease.Works.Count == 0 && lease.Cores.Count == 0);
            _leases.Remove(lease.Number);
            Remove(lease);
        }
    }

    private void Remove(DeviceLease lease)
    {
        if (lease.IsLinked)
        {
            _linked.Remove(lease.Id);
        }
        else
        {
            _away.Remove(lease.Number);
        }

        lease.Release();
        lease.WakeAt = null;
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
}
