using System.Collections.Immutable;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Combining;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Agent.Device;

/// <summary>
/// A lease from the harbor: what has come back of it, in order and combined, and what is committed. Five marks go
/// through its range: received (by the harbor, durably) ≤ committed ≤ assembled ≤ offered to the slots ≤ end.
/// </summary>
internal sealed class DeviceLease
{
    private readonly HeldBytes _held;
    private readonly List<KeptCommit> _commits = [];
    private readonly long _inputsBegin;
    private StripAssembler _assembler;
    private SegmentCombiner? _combiner;
    private long _outputBytes;
    private long _keptBytes;
    private Fuel _burnt = Fuel.Zero;
    private TimeSpan _busy;

    public DeviceLease(LeaseNumber number, Grant grant, DeviceJob job, HeldBytes held)
    {
        _held = held;
        Number = number;
        Job = job;
        Parts = [.. grant.Parts];
        Inputs = [.. grant.Inputs.Select(i => i.ToModel())];
        _inputsBegin = Begin = ReceivedUpTo = CommittedUpTo = AssembledUpTo = OfferedUpTo = grant.Begin;
        End = grant.End;
        _assembler = new StripAssembler(grant.Begin);
        Link(grant);
    }

    public LeaseNumber Number { get; }

    /// <summary>The harbor's id of it on the link that it was granted on last.</summary>
    public long Id { get; private set; }

    public int Epoch { get; private set; }

    /// <summary>Whether it is a lease of the present link; otherwise the harbor has yet to say what becomes of it.
    /// </summary>
    public bool IsLinked { get; private set; }

    public DeviceJob Job { get; }

    /// <summary>None, or one for each index.</summary>
    public ImmutableArray<InputFile> Inputs { get; }

    /// <summary>Parts that the harbor wants merged; none where the lease is to be run.</summary>
    public ImmutableArray<Part> Parts { get; }

    public bool IsMergeGrant => !Parts.IsEmpty;

    /// <summary>Whether its pieces are combined by the program.</summary>
    public bool NeedsMerge => IsMergeGrant || Job.Combine == CombineKind.Merge;

    /// <summary>The first index of it on the present link.</summary>
    public long Begin { get; private set; }

    public long ReceivedUpTo { get; private set; }

    public long CommittedUpTo { get; private set; }

    public long AssembledUpTo { get; private set; }

    public long OfferedUpTo { get; set; }

    public long End { get; set; }

    /// <summary>Since when something is assembled and not committed, as the decider saw it.</summary>
    public TimeSpan? AssembledSince { get; set; }

    /// <summary>Whether an input could not be had while there was no link: it is fetched again on the next.</summary>
    public bool NeedsFetch { get; set; }

    /// <summary>The works that its indices became on this device, in the order of their indices.</summary>
    public SortedDictionary<WorkId, IndexRange> Works { get; } = [];

    /// <summary>What cores have of it.</summary>
    public List<CoreLease> Cores { get; } = [];

    /// <summary>Pieces that follow the last commit, where the program combines them.</summary>
    public List<Piece> MergePieces { get; } = [];

    public bool IsMerging { get; set; }

    /// <summary>Commits that are without a receipt, in order.</summary>
    public IReadOnlyList<KeptCommit> Commits => _commits;

    /// <summary>How many of them are sent on the present link.</summary>
    public int SentCount { get; private set; }

    /// <summary>Bytes assembled and not committed.</summary>
    public long AssembledBytes { get; private set; }

    public bool IsCommitted => CommittedUpTo == End;

    public bool IsSent => SentCount == _commits.Count;

    /// <summary>Whether the decider has it in hand to look at.</summary>
    public bool IsTouched { get; set; }

    /// <summary>When the decider looks at it next, as far as that is settled.</summary>
    public TimeSpan? WakeAt { get; set; }

    /// <summary>It is a lease of the present link under the grant's id.</summary>
    public void Link(Grant grant)
    {
        (Id, Epoch, IsLinked) = (grant.Lease, grant.Epoch, true);
        SentCount = 0;
    }

    /// <summary>The link is over; nothing counts as sent.</summary>
    public void Unlink()
    {
        IsLinked = false;
        SentCount = 0;
        foreach (KeptCommit commit in _commits)
        {
            commit.FailedCount = 0;
        }
    }

    /// <summary>Inputs of a range inside it.</summary>
    public ReadOnlyMemory<InputFile> InputsOf(IndexRange range) => Inputs.IsEmpty
        ? default
        : Inputs.AsMemory()[(int)(range.Begin - _inputsBegin)..(int)(range.End - _inputsBegin)];

    /// <summary>A core begins a stretch of it.</summary>
    public Strip OpenStrip(IndexRange range) => _assembler.Open(range);

    /// <summary>Takes in what a run brought, and assembles what is now in order.</summary>
    /// <exception cref="Ptorrent.Model.Segments.SegmentException">It does not fit the way in which it is
    /// combined.</exception>
    public void Add(Strip strip, Piece piece)
    {
        ChangeOutput(piece.Segment.Length);
        strip.Waiting.Enqueue(piece);
        while (_assembler.TryTake(out Piece next))
        {
            Assemble(next);
        }
    }

    /// <summary>Takes in the merge of the first <paramref name="count"/> pieces.</summary>
    public void AddMerge(int count, RunEnd end)
    {
        Invariant.Holds(IsMerging && count <= MergePieces.Count);
        IsMerging = false;
        long before = 0;
        (Fuel burnt, TimeSpan busy) = (end.Burnt, end.Busy);
        for (int i = 0; i < count; i++)
        {
            before += MergePieces[i].Segment.Length;
            burnt += MergePieces[i].Burnt;
            busy += MergePieces[i].Busy;
        }

        IndexRange range = new(MergePieces[0].Range.Begin, MergePieces[count - 1].Range.End);
        MergePieces.RemoveRange(0, count);
        MergePieces.Insert(0, new Piece(range, end.Segment, burnt, busy));
        ChangeOutput(end.Segment.Length - before);
        AssembledBytes += end.Segment.Length - before;
        _burnt += end.Burnt;
        _busy += end.Busy;
    }

    /// <summary>The parts of a merge lease are here: all of it is assembled.</summary>
    public void AddParts(ImmutableArray<ReadOnlyMemory<byte>> parts)
    {
        // Parts have no ranges of their own that anybody asks for: such a lease ends with its link.
        IndexRange whole = new(Begin, End);
        foreach (ReadOnlyMemory<byte> part in parts)
        {
            MergePieces.Add(new Piece(whole, part, Fuel.Zero, TimeSpan.Zero));
            AssembledBytes += part.Length;
        }

        ChangeOutput(AssembledBytes);
        AssembledUpTo = OfferedUpTo = End;
    }

    /// <summary>Commits all that is assembled.</summary>
    /// <exception cref="Ptorrent.Model.Segments.SegmentException">The segment is too large.</exception>
    public KeptCommit Commit(long number)
    {
        Invariant.Holds(AssembledUpTo > CommittedUpTo && !IsMerging);
        KeptCommit commit = new(number, TakeAssembled());
        ChangeOutput(-AssembledBytes);
        ChangeKept(commit.Segment.Length);
        _commits.Add(commit);
        CommittedUpTo = AssembledUpTo;
        AssembledBytes = 0;
        AssembledSince = null;
        return commit;
    }

    /// <summary>The next commit that may go, which is then sent; null where there is none or its segment is not yet at
    /// the harbor.</summary>
    public KeptCommit? TakeToSend() =>
        IsLinked && SentCount < _commits.Count && _commits[SentCount].IsReady ? _commits[SentCount++] : null;

    /// <summary>A commit's segment is at the harbor.</summary>
    public void SetBlob(long number, Blob blob)
    {
        if (_commits.Find(c => c.Number == number) is { } commit)
        {
            ChangeKept(-commit.Segment.Length);
            commit.SetBlob(blob);
        }
    }

    /// <summary>All before this is durable at the harbor.</summary>
    public void Receive(long upto)
    {
        while (_commits.Count > 0 && _commits[0].Range.End <= upto)
        {
            ChangeKept(-_commits[0].Segment.Length);
            ReceivedUpTo = _commits[0].Range.End;
            _commits.RemoveAt(0);
            SentCount = Math.Max(0, SentCount - 1);
        }
    }

    /// <summary>Goes on from a later index, if that is the end of a commit: what was committed before is not the
    /// lease's any more.</summary>
    /// <returns>Whether it is; otherwise something was computed across the index.</returns>
    public bool TryBeginAt(long begin)
    {
        Receive(begin);
        if (begin != ReceivedUpTo)
        {
            return false;
        }

        Begin = begin;
        return true;
    }

    /// <summary>
    /// Begins anew with another range: what is done whole inside it stays, in its order; commits at its front stay
    /// commits. No core may have anything of it.
    /// </summary>
    /// <returns>What is not done and was offered: the ranges between the pieces.</returns>
    public ImmutableArray<IndexRange> Refit(IndexRange range)
    {
        Invariant.Holds(Cores.Count == 0 && Works.Count == 0);
        List<Piece> pieces = [.. TakePieces().Where(p => range.Covers(p.Range))];
        int leading = 0;
        long front = range.Begin;
        _commits.RemoveAll(c => !range.Covers(c.Range));
        while (leading < _commits.Count && _commits[leading].Range.Begin == front)
        {
            front = _commits[leading++].Range.End;
        }

        pieces.InsertRange(
            0,
            _commits.Skip(leading).Where(c => c.Blob is null)
                .Select(c => new Piece(c.Range, c.Segment, c.Burnt, c.Busy)));
        _commits.RemoveRange(leading, _commits.Count - leading);
        Begin = ReceivedUpTo = range.Begin;
        CommittedUpTo = AssembledUpTo = front;
        OfferedUpTo = Math.Clamp(OfferedUpTo, front, range.End);
        End = range.End;
        ChangeKept(_commits.Sum(c => (long)c.Segment.Length) - _keptBytes);
        ChangeOutput(-_outputBytes);
        return AddPieces(pieces, front);
    }

    /// <summary>Takes all that it holds out of the account.</summary>
    public void Release()
    {
        ChangeKept(-_keptBytes);
        ChangeOutput(-_outputBytes);
    }

    private void Assemble(Piece piece)
    {
        AssembledUpTo = piece.Range.End;
        AssembledBytes += piece.Segment.Length;
        _burnt += piece.Burnt;
        _busy += piece.Busy;
        if (Job.Combine == CombineKind.Merge)
        {
            MergePieces.Add(piece);
        }
        else
        {
            _combiner ??= Job.NewCombiner();
            _combiner.AppendSegment(piece.Segment.Span);
        }
    }

    /// <summary>All that is assembled, as one piece; it is not assembled any more.</summary>
    private Piece TakeAssembled()
    {
        ReadOnlyMemory<byte> segment;
        if (NeedsMerge)
        {
            Invariant.Holds(MergePieces.Count == 1);
            segment = MergePieces[0].Segment;
            MergePieces.Clear();
        }
        else
        {
            segment = _combiner!.ToSegment(); // Something is assembled.
            _combiner = null;
        }

        Piece piece = new(new IndexRange(CommittedUpTo, AssembledUpTo), segment, _burnt, _busy);
        (_burnt, _busy) = (Fuel.Zero, TimeSpan.Zero);
        return piece;
    }

    /// <summary>All pieces that are not committed, in the order of their indices; they are not the lease's any more.
    /// </summary>
    private List<Piece> TakePieces()
    {
        List<Piece> pieces = [];
        if (NeedsMerge)
        {
            pieces.AddRange(MergePieces);
            MergePieces.Clear();
        }
        else if (AssembledUpTo > CommittedUpTo)
        {
            pieces.Add(TakeAssembled());
        }

        pieces.AddRange(_assembler.Waiting);
        (_burnt, _busy, AssembledBytes, IsMerging) = (Fuel.Zero, TimeSpan.Zero, 0, false);
        return pieces;
    }

    private ImmutableArray<IndexRange> AddPieces(List<Piece> pieces, long front)
    {
        _assembler = new StripAssembler(front);
        ImmutableArray<IndexRange>.Builder gaps = ImmutableArray.CreateBuilder<IndexRange>();
        long upto = front;
        foreach (Piece piece in pieces)
        {
            AddGap(upto, Math.Min(piece.Range.Begin, OfferedUpTo));
            Add(OpenStrip(piece.Range), piece);
            upto = piece.Range.End;
        }

        AddGap(upto, OfferedUpTo);
        return gaps.ToImmutable();

        void AddGap(long begin, long end)
        {
            if (begin < end)
            {
                gaps.Add(new IndexRange(begin, end));
            }
        }
    }

    private void ChangeOutput(long bytes)
    {
        _outputBytes += bytes;
        _held.Output += bytes;
    }

    private void ChangeKept(long bytes)
    {
        _keptBytes += bytes;
        _held.Kept += bytes;
    }
}
