using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Sandbox;

/// <summary>How a run or a merge ended.</summary>
public abstract record RunOutcome
{
    private protected RunOutcome(TimeSpan busy) => Busy = busy;

    /// <summary>How long the executor worked on it.</summary>
    public TimeSpan Busy { get; init; }

    /// <summary>It ended well.</summary>
    /// <param name="Segment">The outputs as the program's way to combine makes them one, or what the merge made. It
    /// comes from an executor: see whether it is a segment before it is used.</param>
    /// <param name="Burnt">Metered fuel; for a script its time at the sandbox's rate.</param>
    /// <param name="Busy">How long the executor worked on it.</param>
    public sealed record Completed(ReadOnlyMemory<byte> Segment, Fuel Burnt, TimeSpan Busy) : RunOutcome(Busy);

    /// <summary>It ended badly; nothing of it counts.</summary>
    /// <param name="Failure">Where, how and, in the program's own words, why.</param>
    /// <param name="Busy">How long the executor worked on it.</param>
    public sealed record Failed(ProgramFailure Failure, TimeSpan Busy) : RunOutcome(Busy);
}
