namespace Ptorrent.Model.Jobs;

/// <summary>Whether an acceptor has the product. Numbers travel and are stored; they only grow.</summary>
public enum DeliveryState
{
    /// <summary>A state that this version does not know.</summary>
    Unknown = 0,

    /// <summary>Not yet.</summary>
    Pending = 1,

    /// <summary>It took it.</summary>
    Accepted = 2,

    /// <summary>It would not, after every attempt.</summary>
    Refused = 3,
}
