using Ptorrent.Model.Units;

namespace Ptorrent.Agent.Device;

/// <summary>What a core's feeder tells the decider: a run of a core's lease has ended. Those of one core come in the
/// order of its runs.</summary>
internal readonly record struct CoreReport(CoreLease Lease, IndexRange Range, RunEnd End);
