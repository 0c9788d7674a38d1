namespace Ptorrent.Simulation.Scale;

/// <summary>How a way to hand out work did.</summary>
/// <param name="Name">The way.</param>
/// <param name="Makespan">From submission until the harbor had everything.</param>
/// <param name="Ideal">The same for water.</param>
/// <param name="MessageCount">Messages, both directions.</param>
/// <param name="HostMinutes">Minutes that hosts were there during the job, all together.</param>
/// <param name="LostShare">Fuel burnt that did not count, as a share of the job's.</param>
/// <param name="Notes">Anything else that was counted.</param>
internal sealed record ScaleResult(
    string Name,
    TimeSpan Makespan,
    TimeSpan Ideal,
    long MessageCount,
    double HostMinutes,
    double LostShare,
    string Notes)
{
    /// <summary>Makespan over ideal.</summary>
    public double Ratio => Makespan / Ideal;

    /// <summary>Messages a host and a minute.</summary>
    public double MessagesPerHostMinute => MessageCount / HostMinutes;
}
