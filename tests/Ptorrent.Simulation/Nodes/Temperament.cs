namespace Ptorrent.Simulation.Nodes;

/// <summary>How an agent behaves while faults are on.</summary>
internal enum Temperament
{
    /// <summary>Does what it says.</summary>
    Honest = 1,

    /// <summary>Is far slower than it says, and its owner takes the machine for himself now and then.</summary>
    Slow = 2,

    /// <summary>Loses power or is killed, and comes back after a while with nothing.</summary>
    Vanishing = 3,

    /// <summary>Is suspended with all its work and wakes up later.</summary>
    Sleeping = 4,

    /// <summary>Loses its line every few seconds.</summary>
    Flapping = 5,

    /// <summary>Sends its old commits again, those of earlier links and lives among them.</summary>
    Replaying = 6,

    /// <summary>Commits bytes that it made up.</summary>
    Lying = 7,

    /// <summary>Sends what breaks the protocol.</summary>
    Hostile = 8,

    /// <summary>Names leases in its greetings that it never had, and does nothing for most of what it gets for
    /// them.</summary>
    Claiming = 9,
}
