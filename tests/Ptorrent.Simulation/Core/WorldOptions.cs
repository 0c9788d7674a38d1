using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Ptorrent.Simulation.Network;
using Ptorrent.Simulation.Nodes;

namespace Ptorrent.Simulation.Core;

/// <summary>All that one seed draws before its first step: which faults there are and how strong.</summary>
internal sealed record WorldOptions
{
    /// <summary>The lines.</summary>
    public required NetworkOptions Network { get; init; }

    /// <summary>The harbor's disk.</summary>
    public required DiskOptions Disk { get; init; }

    /// <summary>The agents.</summary>
    public required ImmutableArray<AgentOptions> Agents { get; init; }

    /// <summary>Jobs.</summary>
    public required int JobCount { get; init; }

    /// <summary>Core-seconds of all jobs together, roughly.</summary>
    public required double WorkSeconds { get; init; }

    /// <summary>How long faults are on.</summary>
    public required TimeSpan SafetyTime { get; init; }

    /// <summary>The mean time between two breaks of a line; null for none.</summary>
    public TimeSpan? BreakEvery { get; init; }

    /// <summary>The mean time between two cuts of one direction of a line; null for none.</summary>
    public TimeSpan? CutEvery { get; init; }

    /// <summary>The mean time between two times in which an agent cannot reach the harbor; null for none.</summary>
    public TimeSpan? PartitionEvery { get; init; }

    /// <summary>The mean time between two crashes of the harbor; null for none.</summary>
    public TimeSpan? CrashEvery { get; init; }

    /// <summary>The mean time between two times of a full disk; null for none.</summary>
    public TimeSpan? FullEvery { get; init; }

    /// <summary>The mean time between two jumps of the harbor's wall clock; null for none.</summary>
    public TimeSpan? ClockJumpEvery { get; init; }

    /// <summary>The mean time between two bits that turn on the harbor's disk; null for none.</summary>
    public TimeSpan? RotEvery { get; init; }

    /// <summary>The likelihood that a run is lost though its program is not to blame.</summary>
    public double RunLossLikelihood { get; init; }

    /// <summary>Draws the options of a seed.</summary>
    public static WorldOptions Draw(Dice dice)
    {
        TimeSpan? Maybe(double likelihood, double secondsLeast, double secondsMost) =>
            dice.Happens(likelihood)
                ? TimeSpan.FromSeconds(dice.BetweenMagnitudes(secondsLeast, secondsMost))
                : null;

        NetworkOptions network = new()
        {
            DelayMin = TimeSpan.FromMilliseconds(dice.BetweenMagnitudes(0.05, 150)),
            DelayMean = TimeSpan.FromMilliseconds(dice.BetweenMagnitudes(0.05, 150)),
            BytesPerSecond = dice.BetweenMagnitudes(5_000, 100_000_000),
            BufferBytesMax = dice.Between(2_000L, 500_000L),
            NoticeTimeMax = TimeSpan.FromSeconds(dice.BetweenMagnitudes(0.1, 60)),
        };
        int agentCount = dice.Between(2, 6);
        WorldOptions drawn = new()
        {
            Network = network,
            Disk = new DiskOptions(
                TimeSpan.FromMilliseconds(dice.BetweenMagnitudes(0.1, 200)), dice.Happens(0.3)),
            Agents = [.. Enumerable.Range(1, agentCount).Select(n => DrawAgent(dice, n))],
            JobCount = dice.Between(1, 4),
            WorkSeconds = dice.BetweenMagnitudes(2, 40),
            SafetyTime = TimeSpan.FromSeconds(dice.BetweenMagnitudes(5, 90)),
            BreakEvery = Maybe(0.4, 1, 30),
            CutEvery = Maybe(0.4, 1, 30),
            PartitionEvery = Maybe(0.3, 5, 30),
            CrashEvery = Maybe(0.5, 2, 40),
            FullEvery = Maybe(0.3, 3, 30),
            ClockJumpEvery = Maybe(0.3, 3, 30),
            RunLossLikelihood = dice.Happens(0.2) ? dice.BetweenMagnitudes(1e-4, 0.02) : 0,
        };
        return drawn.DrawMore(dice);
    }

    /// <summary>What came to be drawn later than the rest is drawn last, and seldom: so most seeds keep their
    /// worlds.</summary>
    private WorldOptions DrawMore(Dice dice)
    {
        AgentOptions last = Agents[^1];
        if (last.Number > 2 && dice.Happens(0.2))
        {
            last = last with { Temperament = Temperament.Claiming };
        }

        return this with
        {
            Agents = Agents.SetItem(last.Number - 1, last),
            RotEvery = dice.Happens(0.15) ? TimeSpan.FromSeconds(dice.BetweenMagnitudes(1, 20)) : null,
        };
    }

    private static AgentOptions DrawAgent(Dice dice, int number)
    {
        // The first two stay: with them alone every job must end.
        Temperament worst = number == 2 ? Temperament.Flapping : Temperament.Hostile;
        Temperament temperament = number == 1 || dice.Happens(0.4)
            ? Temperament.Honest
            : (Temperament)dice.Between((int)Temperament.Slow, (int)worst);
        return new AgentOptions(
            number,
            temperament,
            dice.Between(1, 4),
            2e9 * dice.BetweenMagnitudes(0.3, 2) * (temperament == Temperament.Slow ? 0.1 : 1),
            dice.BetweenMagnitudes(0.5, 2) * (temperament == Temperament.Slow ? 8 : 1),
            dice.Happens(0.5),
            TimeSpan.FromSeconds(dice.BetweenMagnitudes(1, 20)));
    }

    /// <summary>All of it, for people, a line a part.</summary>
    public string Describe()
    {
        static string Seconds(TimeSpan? time) =>
            time is { } t ? string.Create(CultureInfo.InvariantCulture, $"{t.TotalSeconds:G4} s") : "never";

        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"network: {Network}");
        text.AppendLine(CultureInfo.InvariantCulture, $"disk: {Disk}");
        text.AppendLine(CultureInfo.InvariantCulture, $"jobs: {JobCount} of {WorkSeconds:G4} core-seconds in all");
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"faults for {Seconds(SafetyTime)}: breaks every {Seconds(BreakEvery)}, cuts every {Seconds(CutEvery)}, "
            + $"partitions every {Seconds(PartitionEvery)}, harbor crashes every {Seconds(CrashEvery)}, "
            + $"full disk every {Seconds(FullEvery)}, clock jumps every {Seconds(ClockJumpEvery)}, "
            + $"bits turn every {Seconds(RotEvery)}, runs lost {RunLossLikelihood:G3}");
        foreach (AgentOptions agent in Agents)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{agent}");
        }

        return text.ToString();
    }
}
