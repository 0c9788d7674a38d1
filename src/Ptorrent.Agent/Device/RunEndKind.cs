namespace Ptorrent.Agent.Device;

/// <summary>How a run or a merge ended.</summary>
internal enum RunEndKind
{
    /// <summary>Well.</summary>
    Completed = 1,

    /// <summary>Badly, and the program is to blame.</summary>
    Failed = 2,

    /// <summary>It did not happen, and the program is not to blame.</summary>
    Lost = 3,

    /// <summary>It cannot be done here at all: its input cannot be had.</summary>
    Impossible = 4,

    /// <summary>Nobody waited for it any more.</summary>
    Stopped = 5,
}
