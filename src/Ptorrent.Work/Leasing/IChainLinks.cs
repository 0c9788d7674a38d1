namespace Ptorrent.Work.Leasing;

/// <summary>Where each item of a <see cref="Chain{TItem, TLinks}"/> keeps its neighbours in it.</summary>
internal interface IChainLinks<TItem>
    where TItem : class
{
    /// <summary>The item before; null for the first.</summary>
    static abstract ref TItem? PreviousOf(TItem item);

    /// <summary>The item behind; null for the last.</summary>
    static abstract ref TItem? NextOf(TItem item);
}
