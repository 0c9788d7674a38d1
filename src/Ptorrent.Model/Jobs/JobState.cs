namespace Ptorrent.Model.Jobs;

/// <summary>
/// Where a job is in its life: Submitted → Running → Assembled → Accepted, or Failed or Cancelled from any of the first
/// two. Numbers travel and are stored; they only grow.
/// </summary>
public enum JobState
{
    /// <summary>A state that this version does not know.</summary>
    Unknown = 0,

    /// <summary>Stored; no part of it has been handed out yet.</summary>
    Submitted = 1,

    /// <summary>Parts of it are with agents, or have been.</summary>
    Running = 2,

    /// <summary>The whole product is stored; acceptors are still to be served.</summary>
    Assembled = 3,

    /// <summary>Every acceptor has had the product or was given up on. The end.</summary>
    Accepted = 4,

    /// <summary>The program failed. The end.</summary>
    Failed = 5,

    /// <summary>Somebody cancelled it. The end.</summary>
    Cancelled = 6,
}
