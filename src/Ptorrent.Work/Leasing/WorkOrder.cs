namespace Ptorrent.Work.Leasing;

/// <summary>Which work is served next where several have indices left.</summary>
public enum WorkOrder
{
    /// <summary>The one with the least fuel in other hands, the older one of equals: jobs share a harbor.</summary>
    Fair = 1,

    /// <summary>The oldest: a device ends one lease before the next, so that prefixes go up early.</summary>
    Oldest = 2,
}
