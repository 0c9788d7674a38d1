using System.Collections.Immutable;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Work.Combining;

namespace Ptorrent.Agent.Device;

/// <summary>A job of which the device has leases, or had lately.</summary>
internal sealed class DeviceJob(JobId id, JobDescription description, long number, TimeSpan now)
{
    public JobId Id { get; } = id;

    public JobDescription Description { get; } = description;

    public RunMode Mode { get; } = (RunMode)description.Mode;

    public CombineKind Combine { get; } = (CombineKind)description.Combine;

    /// <summary>The class of its runs among the device's works; its merges cost otherwise and have another.</summary>
    public ulong RunClass { get; } = 2 * (ulong)number;

    public ulong MergeClass => RunClass + 1;

    public bool IsReady { get; set; }

    /// <summary>When its first lease came.</summary>
    public TimeSpan BegunAt { get; } = now;

    /// <summary>Whether anything of it has been committed.</summary>
    public bool HasCommitted { get; set; }

    /// <summary>Its leases, in the order in which they came.</summary>
    public SortedDictionary<LeaseNumber, DeviceLease> Leases { get; } = [];

    /// <summary>When it was last without a lease, as a count: the lowest is forgotten first.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether this version can run such a job at all.</summary>
    public bool IsKnown =>
        (ProgramKind)Description.Kind is >= ProgramKind.Wasi and <= ProgramKind.Script
        && Mode is RunMode.Range or RunMode.Item
        && Combine is >= CombineKind.Concat and <= CombineKind.Histogram;

    public SegmentCombiner NewCombiner() => new(Combine, Description.TopCount);
}
