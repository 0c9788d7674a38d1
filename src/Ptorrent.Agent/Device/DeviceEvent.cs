using System.Collections.Immutable;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Agent.Device;

/// <summary>What happens to a device.</summary>
internal abstract record DeviceEvent
{
    private DeviceEvent()
    {
    }

    /// <summary>A harbor has welcomed the device.</summary>
    public sealed record LinkOpened : DeviceEvent;

    /// <summary>The link has ended, and with it every lease.</summary>
    public sealed record LinkLost : DeviceEvent;

    /// <summary>A lease came; the link's session has accepted it.</summary>
    public sealed record Granted(Grant Grant, JobDescription Description) : DeviceEvent;

    /// <summary>The harbor takes a lease away.</summary>
    public sealed record Cancelled(long Lease) : DeviceEvent;

    /// <summary>The harbor wants the tail of a lease back.</summary>
    public sealed record Revoked(long Lease, long From) : DeviceEvent;

    /// <summary>A program is ready to run.</summary>
    public sealed record ProgramReady(JobId Job) : DeviceEvent;

    /// <summary>A program was refused and would be anywhere.</summary>
    public sealed record ProgramRefused(JobId Job, string Message) : DeviceEvent;

    /// <summary>A program cannot be had or run here.</summary>
    public sealed record ProgramUnavailable(JobId Job, NackReason Reason, string Detail) : DeviceEvent;

    /// <summary>The contents of a lease's inputs are here up to an index.</summary>
    public sealed record InputsReady(LeaseNumber Lease, long Upto) : DeviceEvent;

    /// <summary>All parts of a merge are here.</summary>
    public sealed record PartsReady(LeaseNumber Lease, ImmutableArray<ReadOnlyMemory<byte>> Parts) : DeviceEvent;

    /// <summary>A lease cannot be done here: contents cannot be had or a result cannot be uploaded.</summary>
    public sealed record LeaseImpossible(LeaseNumber Lease, NackReason Reason, string Detail) : DeviceEvent;

    /// <summary>A run or a merge ended well: the segment that it made, which nobody has checked yet.</summary>
    public sealed record RunCompleted(LeaseId Run, ReadOnlyMemory<byte> Segment, Fuel Burnt, TimeSpan Busy)
        : DeviceEvent;

    /// <summary>A run or a merge ended badly, and the program is to blame.</summary>
    public sealed record RunFailed(LeaseId Run, ModelFailure Failure) : DeviceEvent;

    /// <summary>A run or a merge did not happen, and the program is not to blame.</summary>
    public sealed record RunLost(LeaseId Run, string Detail) : DeviceEvent;

    /// <summary>A run cannot be done here at all: its input cannot be had.</summary>
    public sealed record RunImpossible(LeaseId Run, NackReason Reason, string Detail) : DeviceEvent;

    /// <summary>The oldest commit of a lease that was not sent is on the link.</summary>
    public sealed record CommitSent(LeaseNumber Lease) : DeviceEvent;

    /// <summary>The time that <see cref="DeviceState.NextWakeAt"/> named has come.</summary>
    public sealed record TimePassed : DeviceEvent;

    /// <summary>The device is to stop: what runs may end, nothing is begun.</summary>
    public sealed record Stopping : DeviceEvent;
}
