using System.Collections.Immutable;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using CommitFrame = Ptorrent.Link.Frames.Commit;

namespace Ptorrent.Agent.Device;

/// <summary>One thing that a device does, in order.</summary>
internal abstract record DeviceEffect
{
    private DeviceEffect()
    {
    }

    /// <summary>Send a frame that needs nothing else first: Window, Keep or Nack.</summary>
    public sealed record Send(Frame Frame) : DeviceEffect;

    /// <summary>Upload the segment if it does not fit the frame, put it or its address into <paramref name="Frame"/>
    /// and send that, after the lease's earlier commits; then tell <see cref="DeviceEvent.CommitSent"/>.</summary>
    public sealed record Commit(LeaseNumber Lease, CommitFrame Frame, ReadOnlyMemory<byte> Segment) : DeviceEffect;

    /// <summary>Fetch a program, check and meter it; then tell that it is ready, refused or unavailable.</summary>
    public sealed record PrepareProgram(JobId Job, JobDescription Description) : DeviceEffect;

    /// <summary>The program will not be run again.</summary>
    public sealed record ForgetProgram(JobId Job) : DeviceEffect;

    /// <summary>Fetch inputs in their order, and tell how far they are here.</summary>
    public sealed record FetchInputs(LeaseNumber Lease, long Begin, ImmutableArray<InputFile> Inputs) : DeviceEffect;

    /// <summary>Fetch the parts of a merge that are not in the frame, and tell when all are here.</summary>
    public sealed record FetchParts(LeaseNumber Lease, ImmutableArray<Part> Parts) : DeviceEffect;

    /// <summary>The lease is over: stop what is under way for it, its uploads among it.</summary>
    public sealed record DropLease(LeaseNumber Lease) : DeviceEffect;

    /// <summary>Run a program; inputs are none or one for each index.</summary>
    public sealed record StartRun(int Slot, LeaseId Run, JobId Job, IndexRange Range, ImmutableArray<InputFile> Inputs)
        : DeviceEffect;

    /// <summary>Merge parts, from left to right.</summary>
    public sealed record StartMerge(int Slot, LeaseId Run, JobId Job, ImmutableArray<ReadOnlyMemory<byte>> Parts)
        : DeviceEffect;

    /// <summary>Nobody waits for the run any more.</summary>
    public sealed record StopRun(LeaseId Run) : DeviceEffect;

    /// <summary>The device was told to stop and holds nothing any more.</summary>
    public sealed record Drained : DeviceEffect;
}
