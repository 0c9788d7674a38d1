namespace Ptorrent.Work.Leasing;

/// <content>Which children may not have which work.</content>
public sealed partial class LeasingState
{
    /// <summary>A child gets no more of a work; what it has of it, it keeps. Unknown children and works are left
    /// alone.</summary>
    public void Exclude(ChildId id, WorkId work)
    {
        if (_children.TryGetValue(id, out Child? child) && _works.TryGetValue(work, out Work? held))
        {
            held.Exclude(child);
        }
    }

    /// <summary>Whether a child said that it cannot do a work, or was excluded from it.</summary>
    public bool IsExcluded(ChildId id, WorkId work) =>
        _children.TryGetValue(id, out Child? child)
        && _works.TryGetValue(work, out Work? held)
        && held.Excludes(child);

    /// <summary>A child that was excluded from a work may have it again, and gets of it what it has room for.</summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">The child.</param>
    /// <param name="work">The work.</param>
    /// <param name="effects">Takes the effects.</param>
    public void Readmit(TimeSpan now, ChildId id, WorkId work, List<LeasingEffect> effects)
    {
        Begin(now, effects);
        if (_children.TryGetValue(id, out Child? child)
            && _works.TryGetValue(work, out Work? held)
            && held.Excludes(child))
        {
            held.Readmit(child);
            child.Admit(held);
            Reconsider(child);
            Serve();
        }
    }
}
