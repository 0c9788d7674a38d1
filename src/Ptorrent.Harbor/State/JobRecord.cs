using System.Collections.Immutable;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Assembling;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>A job that has not reached its end, and what came back of it.</summary>
internal sealed class JobRecord
{
    private readonly Assembler<bool> _prefix;
    private readonly Queue<(StorageRecord.SegmentAdded Segment, string AgentName)> _unstored = new();
    private readonly List<MergePart> _parts = [];
    private int _acceptedSegmentCount;

    public JobRecord(AdmittedJob admitted, long number, DateTimeOffset submittedAt)
    {
        Admitted = admitted;
        Number = number;
        SubmittedAt = submittedAt;
        _prefix = new Assembler<bool>(Request.Range);
        Deliveries =
        [
            .. Request.Acceptors.Select(a => new DeliveryStatus(NameOf(a), DeliveryState.Pending, string.Empty)),
        ];
    }

    public AdmittedJob Admitted { get; }

    public JobRequest Request => Admitted.Request;

    public JobId Id => Request.Id;

    public long Number { get; }

    public DateTimeOffset SubmittedAt { get; }

    /// <summary>The work that it is in the leasing at present.</summary>
    public WorkId Work { get; set; }

    /// <summary>The class of its indices' costs, and of its merges'.</summary>
    public WorkId FirstWork { get; set; }

    public WorkId? FirstMergeWork { get; set; }

    /// <summary>The group that each lease of the present round of merging is for.</summary>
    public Dictionary<LeaseId, int> MergeLeases { get; } = [];

    /// <summary>Whether parts of it have been handed out in this life of the harbor.</summary>
    public bool HasRun { get; set; }

    /// <summary>Whether the job itself is durable.</summary>
    public bool IsStored { get; set; }

    /// <summary>Whether it was taken back before it was acknowledged.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>Whether an end was given to storage; nothing changes its course any more.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Its status from the moment in which its end is durable.</summary>
    public JobStatus? End { get; set; }

    /// <summary>How the acceptors were served, as far as was given to storage.</summary>
    public DeliveryStatus[] Deliveries { get; }

    /// <summary>What is durable.</summary>
    public JobLedger Ledger { get; } = new();

    /// <summary>The round of merging that is under way, or null.</summary>
    public MergeRound? Merge { get; set; }

    /// <summary>Numbers in each segment that is not empty; 0 while none came.</summary>
    public int ColumnCount { get; set; }

    /// <summary>Why the last agent that refused it did.</summary>
    public string? LastNack { get; set; }

    /// <summary>Requests that wait until the job is durable, and until its end is.</summary>
    public List<long> SubmitWaiters { get; } = [];

    public List<long> CancelWaiters { get; } = [];

    /// <summary>Agents whose word that the program fails stands.</summary>
    public FailureReports Failures { get; } = new();

    /// <summary>Agents that committed what is no segment; null while there is none.</summary>
    public HashSet<AgentId>? Distrusted { get; set; }

    /// <summary>The status as it was told last, with the network's version then; null after a change.</summary>
    public (JobStatus Status, long NetworkVersion)? Cached { get; set; }

    /// <summary>Whether it is in the list of changed jobs.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Every index below is durable.</summary>
    public long PrefixEnd => _prefix.TakenUpTo;

    /// <summary>Whether the output of every index is durable.</summary>
    public bool IsMapped => _prefix.IsComplete;

    /// <summary>Whether all there is to compute came back, durable or not, if no index is left to anybody.</summary>
    public bool NeedsMerge => Request.Combine == CombineKind.Merge && _acceptedSegmentCount > 1;

    /// <summary>Whether the product is durable.</summary>
    public bool IsWhole { get; set; }

    /// <summary>The durable segments of the map, in order; only kept for jobs that merge.</summary>
    public ImmutableArray<MergePart> Parts => [.. _parts.OrderBy(p => p.Range.Begin)];

    public ProductState Product
    {
        get
        {
            if (End is { State: JobState.Failed or JobState.Cancelled })
            {
                return ProductState.Broken;
            }

            return IsWhole ? ProductState.Whole : ProductState.Growing;
        }
    }

    /// <summary>Books what an agent committed and what is not durable yet.</summary>
    public void Accept(StorageRecord.SegmentAdded segment, string agentName)
    {
        _unstored.Enqueue((segment, agentName));
        if (segment.Round == 0)
        {
            _acceptedSegmentCount++;
        }
    }

    /// <summary>The oldest accepted segment is durable now.</summary>
    public void Store(StorageRecord.SegmentAdded segment)
    {
        (StorageRecord.SegmentAdded first, string agentName) = _unstored.Dequeue();
        Invariant.Holds(ReferenceEquals(first, segment));
        Book(StoredSegment.Of(segment, agentName));
    }

    /// <summary>Takes in a segment of an earlier life of the harbor.</summary>
    public void Restore(StoredSegment segment)
    {
        if (segment.Round == 0)
        {
            _acceptedSegmentCount++;
        }

        Book(segment);
    }

    /// <summary>The ledger with what is on its way to storage.</summary>
    public JobLedger LedgerWithUnstored()
    {
        JobLedger ledger = Ledger.Copy();
        foreach ((StorageRecord.SegmentAdded segment, string agentName) in _unstored)
        {
            ledger.Add(StoredSegment.Of(segment, agentName));
        }

        return ledger;
    }

    private static string NameOf(AcceptorRequest acceptor) =>
        acceptor.Folder ?? acceptor.Webhook?.OriginalString ?? string.Empty;

    private void Book(StoredSegment segment)
    {
        Ledger.Add(segment);
        if (segment.Round > 0)
        {
            Merge?.Add(new MergePart(segment.Range, segment.InlineBytes));
            return;
        }

        if (Request.Combine == CombineKind.Merge)
        {
            _parts.Add(new MergePart(segment.Range, segment.InlineBytes));
        }

        _prefix.Add(segment.Range, true);
        while (_prefix.TryTake(out _, out _))
        {
            // Only the end of the prefix matters.
        }
    }
}
