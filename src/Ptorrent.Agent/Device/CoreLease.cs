using System.Collections.Immutable;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Ptorrent.Work.Ranges;

namespace Ptorrent.Agent.Device;

/// <summary>
/// What a core has to do: indices of a lease, or one merge. The feeder takes from the front of <see cref="Left"/>, the
/// device's decider from its back; what is set once is read by both, what is set later is the decider's alone.
/// </summary>
internal sealed class CoreLease
{
    private readonly ReadOnlyMemory<InputFile> _inputs;

    public CoreLease(LeasingEffect grant, CoreWork work, double secondsPerIndex, long runIndexCountMax)
    {
        DeviceLease lease = work.Lease;
        Slot = (int)grant.Child.Value;
        Id = grant.Lease;
        Work = work;
        Job = lease.Job.Id;
        Range = grant.Range;
        Left = new CoreRange(grant.Range);
        SecondsPerIndex = secondsPerIndex;
        RunIndexCountMax = runIndexCountMax;
        DoneUpTo = grant.Range.Begin;
        End = grant.Range.End;
        if (work.IsMerge)
        {
            Parts = [.. lease.MergePieces.Take(work.MergeCount).Select(p => p.Segment)];
        }
        else
        {
            _inputs = lease.InputsOf(grant.Range);
        }
    }

    public int Slot { get; }

    /// <summary>The leasing core's id of it.</summary>
    public LeaseId Id { get; }

    public CoreWork Work { get; }

    public JobId Job { get; }

    /// <summary>What it was granted with.</summary>
    public IndexRange Range { get; }

    /// <summary>What nobody has begun of it.</summary>
    public CoreRange Left { get; }

    /// <summary>What is to be merged; none where it is to be run.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Parts { get; } = [];

    public bool IsMerge => Work.IsMerge;

    /// <summary>What an index was expected to cost when it was granted; a feeder begins with that.</summary>
    public double SecondsPerIndex { get; }

    /// <summary>The most indices of one run.</summary>
    public long RunIndexCountMax { get; }

    /// <summary>The decider's event in which it was given.</summary>
    public long GivenIn { get; set; }

    /// <summary>All before this has come back.</summary>
    public long DoneUpTo { get; set; }

    /// <summary>Where it ends, after what was taken from its back.</summary>
    public long End { get; set; }

    /// <summary>Where its pieces wait for earlier ones; null for a merge.</summary>
    public Strip? Strip { get; set; }

    /// <summary>Nobody waits for it any more; what comes of it is passed over.</summary>
    public bool IsOver { get; set; }

    public bool HasInputs => !_inputs.IsEmpty;

    /// <summary>Inputs of a range inside it: none, or one for each index.</summary>
    public ReadOnlySpan<InputFile> InputsOf(IndexRange range) => _inputs.IsEmpty
        ? []
        : _inputs.Span[(int)(range.Begin - Range.Begin)..(int)(range.End - Range.Begin)];
}
