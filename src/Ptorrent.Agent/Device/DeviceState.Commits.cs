using Google.Protobuf;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using CommitFrame = Ptorrent.Link.Frames.Commit;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Agent.Device;

/// <content>What goes up, and when.</content>
internal sealed partial class DeviceState
{
    /// <summary>Commits, sends, merges or gives back what this lease is ready for.</summary>
    private void Advance(DeviceLease lease)
    {
        if (!_leases.ContainsKey(lease.Number))
        {
            return;
        }

        SendCommits(lease);
        if (lease.NeedsMerge)
        {
            AdvanceMerge(lease);
        }
        else if (lease.IsLinked && lease.AssembledUpTo > lease.CommittedUpTo)
        {
            CommitWhenDue(lease);
        }

        SendCommits(lease);

        // What was committed goes up before the rest is given back, or it would not count.
        if (_isStopping && lease.IsLinked && lease.Cores.Count == 0 && !lease.IsCommitted && lease.IsSent)
        {
            Nack(lease, NackReason.NackStopping, "The agent stops.");
            return;
        }

        RemoveIfDone(lease);
    }

    private void AdvanceMerge(DeviceLease lease)
    {
        bool isWhole = lease.AssembledUpTo == lease.End;
        if (lease.IsMerging || lease.MergePieces.Count == 0 || !lease.Job.IsReady)
        {
            return;
        }

        if (isWhole && lease.MergePieces.Count == 1)
        {
            if (lease.IsLinked)
            {
                Commit(lease);
            }
        }
        else if (!_isStopping
            && lease.MergePieces.Count >= (isWhole ? 2 : _limits.MergePieceCountEager))
        {
            AddMerge(lease);
        }
    }

    private void CommitWhenDue(DeviceLease lease)
    {
        if (lease.AssembledUpTo == lease.End
            || _isStopping
            || lease.AssembledBytes >= _limits.CommitBytesEager)
        {
            Commit(lease);
            return;
        }

        // A commit on its way brings the next one along when it is through.
        if (!lease.IsSent)
        {
            return;
        }

        TimeSpan due = CommitDueAt(lease);
        if (due <= _now)
        {
            Commit(lease);
        }
        else
        {
            Wake(lease, due);
        }
    }

    /// <summary>
    /// When a prefix that is assembled goes up: a job's first at once; then after a share of the time that the device
    /// has worked on the job, within bounds. A short job shows something all the time, and a long one costs few
    /// messages. The upper bound is that of J. W. Young, "A first order approximation to the optimum checkpoint
    /// interval", 1974.
    /// </summary>
    private TimeSpan CommitDueAt(DeviceLease lease)
    {
        if (!lease.Job.HasCommitted)
        {
            return _now;
        }

        TimeSpan since = lease.AssembledSince ??= _now;
        if (lease.AssembledBytes >= _limits.CommitBytesSoon)
        {
            return since + _limits.CommitTimeMin;
        }

        double age = (since - lease.Job.BegunAt).TotalSeconds;
        return since + TimeSpan.FromSeconds(Math.Clamp(
            age * _limits.CommitShare,
            _limits.CommitTimeMin.TotalSeconds,
            _limits.CommitTimeMax.TotalSeconds));
    }

    private void Commit(DeviceLease lease)
    {
        try
        {
            KeptCommit commit = lease.Commit(++_lastNumber);
            lease.Job.HasCommitted = true;
            commit.UploadAt = commit.IsReady ? null : _now;
        }
        catch (SegmentException exception)
        {
            Fail(lease, new ModelFailure(lease.CommittedUpTo, TrapCode.BadOutput, exception.Message, Fuel.Zero));
        }
    }

    /// <summary>Sends what is ready, in order, and uploads what must be at the harbor first.</summary>
    private void SendCommits(DeviceLease lease)
    {
        if (!lease.IsLinked)
        {
            return;
        }

        while (lease.TakeToSend() is { } commit)
        {
            Send(new Frame { Commit = FrameOf(lease, commit) });
        }

        for (int i = lease.SentCount; i < lease.Commits.Count; i++)
        {
            KeptCommit commit = lease.Commits[i];
            if (commit.UploadAt <= _now)
            {
                commit.UploadAt = null;
                _effects.Add(new DeviceEffect.Upload(lease.Number, commit.Number, commit.Segment));
            }
            else if (commit.UploadAt is { } at)
            {
                Wake(lease, at);
            }
        }
    }

    private static CommitFrame FrameOf(DeviceLease lease, KeptCommit commit)
    {
        CommitFrame frame = new()
        {
            Lease = lease.Id,
            Epoch = lease.Epoch,
            Upto = commit.Range.End,
            Fuel = commit.Burnt.Units,
            BusyMicroseconds = commit.Busy.Ticks / TimeSpan.TicksPerMicrosecond,
        };
        if (commit.Blob is { } blob)
        {
            frame.Blob = blob;
        }
        else
        {
            // Nobody changes a segment.
            frame.Inline = UnsafeByteOperations.UnsafeWrap(commit.Segment);
        }

        return frame;
    }

    private void OnUploaded(DeviceEvent.Uploaded uploaded)
    {
        if (_leases.TryGetValue(uploaded.Lease, out DeviceLease? lease))
        {
            lease.SetBlob(uploaded.Commit, uploaded.Blob);
            Touch(lease);
        }
    }

    private void OnUploadFailed(DeviceEvent.UploadFailed failed)
    {
        if (!_leases.TryGetValue(failed.Lease, out DeviceLease? lease)
            || lease.Commits.FirstOrDefault(c => c.Number == failed.Commit) is not { } commit)
        {
            return;
        }

        // A harbor that goes away is seen here before its link is seen to be lost.
        commit.UploadAt = _now + _limits.UploadRetryTime;
        if (lease.IsLinked && ++commit.FailedCount >= _limits.UploadFailedCountMax)
        {
            Nack(lease, NackReason.NackNoRoom, failed.Detail);
        }
        else
        {
            Touch(lease);
        }
    }

    private void OnReceived(long id, long upto)
    {
        if (_linked.TryGetValue(id, out DeviceLease? lease))
        {
            lease.Receive(upto);
            Touch(lease);
        }
    }

    /// <summary>
    /// Begins no runs while too much waits for the harbor; goes on when half of it is gone. Where nothing waits for the
    /// harbor, only runs can free what is held; and for little the harbor sends no receipt.
    /// </summary>
    private void HoldUp()
    {
        long keptMax = Math.Min(2 * LinkLimits.ReceiptBytesDue, _limits.HeldBytesMax / 2);
        bool waits = !_isOpen || _held.Kept > keptMax;
        bool isHeldUp = waits && _held.Total > (_isHeldUp ? _limits.HeldBytesMax / 2 : _limits.HeldBytesMax);
        if (isHeldUp == _isHeldUp || _isStopping)
        {
            return;
        }

        _isHeldUp = isHeldUp;
        _effects.Add(new DeviceEffect.PauseCores(isHeldUp));
        SetCoreWindows(isHeldUp ? Fuel.Zero : Plenty);
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
