namespace Ptorrent.Simulation.Nodes;

/// <summary>One agent of a world.</summary>
/// <param name="Number">Its place among the agents, from 1.</param>
/// <param name="Temperament">How it behaves.</param>
/// <param name="SlotCount">Its executor slots.</param>
/// <param name="FuelPerSecond">What one slot burns.</param>
/// <param name="ClaimedShare">What it says of its speed, as a share of the truth.</param>
/// <param name="ClockStopsInSleep">Whether its clock stands while it is suspended, or jumps when it wakes.</param>
/// <param name="TroubleEvery">The mean time between its troubles.</param>
internal sealed record AgentOptions(
    int Number,
    Temperament Temperament,
    int SlotCount,
    double FuelPerSecond,
    double ClaimedShare,
    bool ClockStopsInSleep,
    TimeSpan TroubleEvery)
{
    /// <summary>Whether what it commits must be true.</summary>
    public bool IsTrusted => Temperament is not (Temperament.Lying or Temperament.Hostile);

    /// <summary>Whether it goes on after faults have ended.</summary>
    public bool StaysForGood => IsTrusted && Temperament is not (Temperament.Replaying or Temperament.Claiming);
}
