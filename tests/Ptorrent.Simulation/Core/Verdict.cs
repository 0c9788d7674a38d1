using System.Globalization;

namespace Ptorrent.Simulation.Core;

/// <summary>How the run of a seed ended.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Digest">Of all that happened.</param>
/// <param name="StepCount">Things that happened.</param>
/// <param name="At">The virtual time of its end.</param>
/// <param name="Check">What failed; null if nothing did.</param>
/// <param name="Message">What exactly.</param>
internal sealed record Verdict(
    ulong Seed,
    ulong Digest,
    long StepCount,
    TimeSpan At,
    string? Check,
    string Message)
{
    /// <summary>Counts of what the run saw, for people.</summary>
    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>Whether all checks held.</summary>
    public bool IsGood => Check is null;

    /// <summary>The line that names a failure and how to see it again.</summary>
    public override string ToString() => IsGood
        ? string.Create(CultureInfo.InvariantCulture, $"SIM GOOD seed={Seed}")
        : string.Create(
            CultureInfo.InvariantCulture,
            $"SIM FAILED seed={Seed} check={Check} at={At.TotalSeconds:F6}: {Message}; replay: "
            + $"dotnet run -c Release --project tests/Ptorrent.Simulation -- --seed {Seed}");
}
