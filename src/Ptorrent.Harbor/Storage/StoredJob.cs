using System.Collections.Immutable;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.Storage;

/// <summary>A job that goes on after a start of the harbor: open, or with acceptors still to be served.</summary>
internal sealed record StoredJob
{
    public required long Number { get; init; }

    public required JobRequest Request { get; init; }

    /// <summary>The request as it was stored.</summary>
    public required ReadOnlyMemory<byte> RequestJson { get; init; }

    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>Set where the product is whole already.</summary>
    public JobStatus? Assembled { get; init; }

    /// <summary>What came back of it: by round, then by begin.</summary>
    public required ImmutableArray<StoredSegment> Segments { get; init; }

    /// <summary>Its deliveries, in the order of the request.</summary>
    public required ImmutableArray<DeliveryStatus> Deliveries { get; init; }

    /// <summary>Numbers in each segment, where they are columns of numbers and there is one that is not empty; else 0.
    /// </summary>
    public int ColumnCount { get; init; }
}
