namespace Ptorrent.Work.Leasing;

/// <summary>The fencing token of a lease: a report with another epoch than the lease's own changes nothing.</summary>
public readonly record struct LeaseEpoch(int Value);
