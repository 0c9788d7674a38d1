namespace Ptorrent.Agent.Device;

/// <summary>One thing that a feeder does, in order.</summary>
/// <param name="Kind">What.</param>
/// <param name="Place">The run's place among those in flight.</param>
/// <param name="Run">What is to be started, or how it ended.</param>
internal readonly record struct FeederEffect(FeederEffectKind Kind, int Place, CoreReport Run);
