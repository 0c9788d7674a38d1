namespace Ptorrent.Model.Jobs;

/// <summary>What one call of the program covers. Numbers travel; they only grow.</summary>
public enum RunMode
{
    /// <summary>A mode that this version does not know.</summary>
    Unknown = 0,

    /// <summary>A call covers a range of any length: the program gets its begin and its end.</summary>
    Range = 1,

    /// <summary>A call covers one index.</summary>
    Item = 2,
}
