using System.Collections.Immutable;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Model.Jobs;

/// <summary>A job as its owner sees it at one moment.</summary>
public sealed record JobStatus
{
    /// <summary>Which job.</summary>
    public required JobId Id { get; init; }

    /// <summary>Its name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required JobState State { get; init; }

    /// <summary>Its program's file name.</summary>
    public required string Program { get; init; }

    /// <summary>How its outputs are combined.</summary>
    public required CombineKind Combine { get; init; }

    /// <summary>All its indices.</summary>
    public required IndexRange Range { get; init; }

    /// <summary>Indices whose output is stored.</summary>
    public required long IndicesDone { get; init; }

    /// <summary>Commits so far: pieces of work that came back.</summary>
    public required long FragmentsDone { get; init; }

    /// <summary>Fuel burnt by stored work.</summary>
    public required Fuel Burnt { get; init; }

    /// <summary>When the harbor took it, in UTC.</summary>
    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When it reached its end (or its product was whole), in UTC; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Executors at work on it now.</summary>
    public int CoresAtWork { get; init; }

    /// <summary>The time left as far as can be told; null where it cannot.</summary>
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>Why it failed; null unless it did.</summary>
    public ProgramFailure? Failure { get; init; }

    /// <summary>Why it waits, in a sentence, while nothing of it is at work; null otherwise.</summary>
    public string? Waiting { get; init; }

    /// <summary>Who computed it.</summary>
    public ImmutableArray<Contribution> Contributions { get; init; } = [];

    /// <summary>How each acceptor beside the caller was served, in the order of the request.</summary>
    public ImmutableArray<DeliveryStatus> Deliveries { get; init; } = [];
}
