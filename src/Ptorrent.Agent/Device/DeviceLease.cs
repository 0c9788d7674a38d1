using System.Collections.Immutable;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Assembling;
using Ptorrent.Work.Combining;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Agent.Device;

/// <summary>
/// A lease from the harbor: what has come back of it, in order and combined, and what is committed. Four marks go
/// through its range: committed ≤ assembled ≤ offered to the slots ≤ end.
/// </summary>
internal sealed class DeviceLease
{
    private readonly Assembler<Piece> _assembler;
    private readonly Queue<long> _unsentBytes = new();
    private SegmentCombiner _combiner;

    public DeviceLease(LeaseNumber number, Grant grant, DeviceJob job, TimeSpan now)
    {
        Number = number;
        Id = grant.Lease;
        Epoch = grant.Epoch;
        Range = grant.ToRange();
        Job = job;
        Parts = [.. grant.Parts];
        Inputs = [.. grant.Inputs.Select(i => i.ToModel())];
        End = Range.End;
        CommittedUpTo = AssembledUpTo = OfferedUpTo = Range.Begin;
        LastCommitAt = now;
        _assembler = new Assembler<Piece>(Range);
        _combiner = new SegmentCombiner(job.Combine, job.TopCount);
    }

    public LeaseNumber Number { get; }

    /// <summary>The harbor's id of it.</summary>
    public long Id { get; }

    public int Epoch { get; }

    public IndexRange Range { get; }

    public DeviceJob Job { get; }

    /// <summary>None, or one for each index.</summary>
    public ImmutableArray<InputFile> Inputs { get; }

    /// <summary>Parts that the harbor wants merged; none where the lease is to be run.</summary>
    public ImmutableArray<Part> Parts { get; }

    public bool IsMergeGrant => !Parts.IsEmpty;

    /// <summary>Whether its pieces are combined by the program.</summary>
    public bool NeedsMerge => IsMergeGrant || Job.Combine == CombineKind.Merge;

    public long End { get; set; }

    public long OfferedUpTo { get; set; }

    public long AssembledUpTo { get; private set; }

    public long CommittedUpTo { get; private set; }

    public TimeSpan LastCommitAt { get; private set; }

    /// <summary>The works that its indices became on this device, in the order of their indices.</summary>
    public SortedDictionary<WorkId, IndexRange> Works { get; } = [];

    /// <summary>Pieces that follow the last commit, where the program combines them.</summary>
    public List<ReadOnlyMemory<byte>> MergePieces { get; } = [];

    public bool IsMerging { get; set; }

    /// <summary>Runs and merges at work.</summary>
    public int RunCount { get; set; }

    /// <summary>Bytes assembled and not committed.</summary>
    public long AssembledBytes { get; private set; }

    /// <summary>Bytes held for it: waiting for an earlier piece, assembled, or on their way up.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Bytes on their way up.</summary>
    public long UnsentBytes { get; private set; }

    public int UnsentCount => _unsentBytes.Count;

    public bool IsCommitted => CommittedUpTo == End;

    private Fuel Burnt { get; set; } = Fuel.Zero;

    private TimeSpan Busy { get; set; }

    /// <summary>Inputs of a range inside it.</summary>
    public ImmutableArray<InputFile> InputsOf(IndexRange range) => Inputs.IsEmpty
        ? []
        : Inputs.AsSpan()[(int)(range.Begin - Range.Begin)..(int)(range.End - Range.Begin)].ToImmutableArray();

    /// <summary>Takes in the segment of a run, and assembles what is now in order.</summary>
    /// <exception cref="Ptorrent.Model.Segments.SegmentException">It is none of the job's kind.</exception>
    public void AddRun(IndexRange range, ReadOnlyMemory<byte> segment, Fuel burnt, TimeSpan busy)
    {
        HeldBytes += segment.Length;
        _assembler.Add(range, new Piece(segment, burnt, busy));
        while (_assembler.TryTake(out IndexRange taken, out Piece? piece))
        {
            AssembledUpTo = taken.End;
            AssembledBytes += piece.Segment.Length;
            Burnt += piece.Burnt;
            Busy += piece.Busy;
            if (Job.Combine == CombineKind.Merge)
            {
                MergePieces.Add(piece.Segment);
            }
            else
            {
                _combiner.AppendSegment(piece.Segment.Span);
            }
        }
    }

    /// <summary>Takes in the merge of the first <paramref name="count"/> pieces.</summary>
    public void AddMerge(int count, ReadOnlyMemory<byte> merged, Fuel burnt, TimeSpan busy)
    {
        Invariant.Holds(IsMerging && count <= MergePieces.Count);
        IsMerging = false;
        long before = MergePieces.Take(count).Sum(p => (long)p.Length);
        MergePieces.RemoveRange(0, count);
        MergePieces.Insert(0, merged);
        HeldBytes += merged.Length - before;
        AssembledBytes += merged.Length - before;
        Burnt += burnt;
        Busy += busy;
    }

    /// <summary>The parts of a merge lease are here: all of it is assembled.</summary>
    public void AddParts(ImmutableArray<ReadOnlyMemory<byte>> parts)
    {
        MergePieces.AddRange(parts);
        AssembledBytes = HeldBytes = parts.Sum(p => (long)p.Length);
        AssembledUpTo = OfferedUpTo = End;
    }

    /// <summary>Commits all that is assembled: the frame, without the result that goes into it, and the
    /// result.</summary>
    public (Commit Frame, ReadOnlyMemory<byte> Segment) TakeCommit(TimeSpan now)
    {
        Invariant.Holds(AssembledUpTo > CommittedUpTo && !IsMerging);
        ReadOnlyMemory<byte> segment;
        if (NeedsMerge)
        {
            Invariant.Holds(MergePieces.Count == 1);
            segment = MergePieces[0];
            MergePieces.Clear();
        }
        else
        {
            segment = _combiner.ToSegment();
            _combiner = new SegmentCombiner(Job.Combine, Job.TopCount);
        }

        Commit frame = new()
        {
            Lease = Id,
            Epoch = Epoch,
            Upto = AssembledUpTo,
            Fuel = Burnt.Units,
            BusyMicroseconds = Busy.Ticks / TimeSpan.TicksPerMicrosecond,
        };
        CommittedUpTo = AssembledUpTo;
        LastCommitAt = now;
        HeldBytes += segment.Length - AssembledBytes;
        UnsentBytes += segment.Length;
        _unsentBytes.Enqueue(segment.Length);
        (AssembledBytes, Burnt, Busy) = (0, Fuel.Zero, TimeSpan.Zero);
        return (frame, segment);
    }

    /// <summary>Its oldest commit that was not sent is sent.</summary>
    public void MarkSent()
    {
        long bytes = _unsentBytes.Dequeue();
        UnsentBytes -= bytes;
        HeldBytes -= bytes;
    }

    /// <summary>What one run brought.</summary>
    private sealed record Piece(ReadOnlyMemory<byte> Segment, Fuel Burnt, TimeSpan Busy);
}
