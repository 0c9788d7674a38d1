namespace Ptorrent.Link.Sessions;

/// <summary>An end of a link.</summary>
public enum LinkSide
{
    /// <summary>Works: an agent, or a harbor that is a child of another.</summary>
    Child = 1,

    /// <summary>Has work done: a harbor.</summary>
    Parent = 2,
}
