namespace Ptorrent.Work.Leasing;

/// <summary>What an index of a class of work costs, so that a later life of the node need not learn it again.</summary>
/// <param name="FuelPerIndex">Fuel for one index; at least 1.</param>
/// <param name="IndexCount">How many indices taught it; at least 1.</param>
public readonly record struct LearnedCost(double FuelPerIndex, long IndexCount);
