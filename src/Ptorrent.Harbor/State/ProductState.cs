namespace Ptorrent.Harbor.State;

/// <summary>How much of a product there is.</summary>
internal enum ProductState
{
    /// <summary>It grows.</summary>
    Growing = 1,

    /// <summary>It is all there.</summary>
    Whole = 2,

    /// <summary>It will never be whole: the job failed or was cancelled.</summary>
    Broken = 3,
}
