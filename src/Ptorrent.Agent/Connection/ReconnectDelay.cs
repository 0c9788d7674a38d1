using Ptorrent.Model.Randomness;

namespace Ptorrent.Agent.Connection;

/// <summary>
/// How long to wait before the next attempt: a quarter of a second, doubling to 30 s, each drawn between half and all
/// of that, so that the agents of a harbor that comes back do not come all at once. In the first minute at most a
/// second: a harbor that is only begun anew is back soon.
/// </summary>
internal sealed class ReconnectDelay(Prng prng)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Last = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SoonTime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SoonLast = TimeSpan.FromSeconds(1);

    private TimeSpan _next = First;

    /// <summary>The next wait.</summary>
    /// <param name="away">How long there has been no link.</param>
    public TimeSpan Next(TimeSpan away)
    {
        TimeSpan drawn = TimeSpan.FromTicks((_next.Ticks / 2) + prng.Below((_next.Ticks / 2) + 1));
        TimeSpan last = away < SoonTime ? SoonLast : Last;
        _next = _next * 2 < last ? _next * 2 : last;
        return drawn;
    }

    /// <summary>A link has held: the next wait is a short one again.</summary>
    public void Reset() => _next = First;
}
