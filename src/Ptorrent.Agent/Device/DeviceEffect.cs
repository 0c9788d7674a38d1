using System.Collections.Immutable;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Agent.Device;

/// <summary>One thing that a device does, in order.</summary>
internal abstract record DeviceEffect
{
    private DeviceEffect()
    {
    }

    /// <summary>Send a frame.</summary>
    public sealed record Send(Frame Frame) : DeviceEffect;

    /// <summary>Upload the segment of a commit, and tell how that ends.</summary>
    public sealed record Upload(LeaseNumber Lease, long Commit, ReadOnlyMemory<byte> Segment) : DeviceEffect;

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

    /// <summary>Give a core's feeder a lease.</summary>
    public sealed record GiveCore(CoreLease Lease) : DeviceEffect;

    /// <summary>A core's lease is over: stop what is under way of it.</summary>
    public sealed record StopCore(CoreLease Lease) : DeviceEffect;

    /// <summary>Let all cores begin no more, or go on.</summary>
    public sealed record PauseCores(bool IsPaused) : DeviceEffect;

    /// <summary>The device was told to stop and holds nothing any more.</summary>
    public sealed record Drained : DeviceEffect;
}
