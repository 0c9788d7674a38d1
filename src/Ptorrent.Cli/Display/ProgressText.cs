using System.Globalization;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Cli.Display;

/// <summary>A job's progress in one line.</summary>
internal static class ProgressText
{
    /// <summary>How far, how fast, on how many cores, at what expense, how long still.</summary>
    public static string Of(JobStatus status, double fragmentsPerSecond)
    {
        string share = Figures.OfShare(status.IndicesDone, status.Range.Count);
        if (status.Waiting is { } reason && status.CoresAtWork == 0)
        {
            return $"{share}, waiting: {reason}";
        }

        string cores = status.CoresAtWork == 1 ? "1 core" : $"{status.CoresAtWork} cores";
        string rate = fragmentsPerSecond.ToString("0.0", CultureInfo.InvariantCulture);
        string left = status.TimeLeft is { } time ? $", {Figures.OfTime(time)} left" : string.Empty;
        return $"{share}, {rate} fragments/s, {cores} at work, {Figures.OfFuel(status.Burnt)} spent{left}";
    }
}
