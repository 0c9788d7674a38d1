using System.Collections.Immutable;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;

namespace Ptorrent.Agent.Device;

/// <summary>What happens to a device.</summary>
internal abstract record DeviceEvent
{
    private DeviceEvent()
    {
    }

    /// <summary>A harbor has welcomed the device.</summary>
    public sealed record LinkOpened(HarborId Harbor) : DeviceEvent;

    /// <summary>The link has ended; the device goes on with what it holds.</summary>
    public sealed record LinkLost : DeviceEvent;

    /// <summary>A lease came; the link's session has accepted it.</summary>
    public sealed record Granted(Grant Grant, JobDescription Description) : DeviceEvent;

    /// <summary>What was committed of a lease is durable.</summary>
    public sealed record Received(long Lease, long Upto) : DeviceEvent;

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

    /// <summary>A lease cannot be done here: contents cannot be had.</summary>
    public sealed record LeaseImpossible(LeaseNumber Lease, NackReason Reason, string Detail) : DeviceEvent;

    /// <summary>The segment of a commit is at the harbor.</summary>
    public sealed record Uploaded(LeaseNumber Lease, long Commit, Blob Blob) : DeviceEvent;

    /// <summary>The segment of a commit could not be uploaded.</summary>
    public sealed record UploadFailed(LeaseNumber Lease, long Commit, string Detail) : DeviceEvent;

    /// <summary>The time that <see cref="DeviceState.NextWakeAt"/> named has come.</summary>
    public sealed record TimePassed : DeviceEvent;

    /// <summary>The device is to stop: what runs may end, nothing is begun.</summary>
    public sealed record Stopping : DeviceEvent;
}
