using Ptorrent.Model;

namespace Ptorrent.Simulation.Scale;

/// <summary>
/// The power that all hosts offered at each moment, slow-downs included: what an ideal scheduler, with work that flows
/// like water, would have had. While a host has nothing to do it counts with its mean.
/// </summary>
internal sealed class Capacity
{
    private readonly List<(TimeSpan At, double Change)> _changes = [];

    /// <summary>A host's power changes.</summary>
    public void Change(TimeSpan at, double change)
    {
        if (change != 0)
        {
            _changes.Add((at, change));
        }
    }

    /// <summary>The mean power in each second from <paramref name="begin"/> until <paramref name="end"/>.</summary>
    public double[] PerSecond(TimeSpan begin, TimeSpan end)
    {
        _changes.Sort((left, right) => left.At.CompareTo(right.At));
        double[] means = new double[(int)Math.Ceiling((end - begin).TotalSeconds)];
        foreach ((TimeSpan change, double by) in _changes)
        {
            double after = Math.Max(0, (change - begin).TotalSeconds);
            for (int i = (int)after; i < means.Length; i++)
            {
                means[i] += by * Math.Min(1, i + 1 - after);
            }
        }

        return means;
    }

    /// <summary>The time from <paramref name="begin"/> on in which water would do <paramref name="fuel"/>.</summary>
    public TimeSpan TimeFor(double fuel, TimeSpan begin)
    {
        _changes.Sort((left, right) => left.At.CompareTo(right.At));
        double rate = 0;
        TimeSpan at = begin;
        foreach ((TimeSpan change, double by) in _changes)
        {
            if (change > at)
            {
                double offered = rate * (change - at).TotalSeconds;
                if (offered >= fuel)
                {
                    break;
                }

                fuel -= offered;
                at = change;
            }

            rate += by;
        }

        Invariant.Holds(rate > 0);
        return at - begin + TimeSpan.FromSeconds(fuel / rate);
    }
}
