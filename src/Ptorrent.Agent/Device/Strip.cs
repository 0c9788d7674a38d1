namespace Ptorrent.Agent.Device;

/// <summary>A stretch of a lease that one core works through: its pieces come in order and wait here for what is before
/// the stretch.</summary>
internal sealed class Strip(long begin, long end, Queue<Piece> waiting)
{
    public long Begin { get; } = begin;

    /// <summary>Where it ends; less than at first when its tail was given to somebody else.</summary>
    public long End { get; set; } = end;

    public Queue<Piece> Waiting { get; } = waiting;
}
