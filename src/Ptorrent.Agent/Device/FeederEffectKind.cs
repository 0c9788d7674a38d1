namespace Ptorrent.Agent.Device;

/// <summary>What a feeder does.</summary>
internal enum FeederEffectKind
{
    /// <summary>Start the run or the merge in its place, and tell its end.</summary>
    Start = 1,

    /// <summary>Nobody waits any more for what is in the place; tell its end all the same.</summary>
    Stop = 2,

    /// <summary>Tell the decider.</summary>
    Report = 3,
}
