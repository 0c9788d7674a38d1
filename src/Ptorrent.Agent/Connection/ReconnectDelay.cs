using Ptorrent.Model.Randomness;

namespace Ptorrent.Agent.Connection;

/// <summary>
/// How long to wait before the next attempt: a quarter of a second, doubling to 30 s, each drawn between half and all
/// of that, so that the agents of a harbor that comes back do not come all at once.
/// </summary>
internal sealed class ReconnectDelay(Prng prng)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Last = TimeSpan.FromSeconds(30);

    private TimeSpan _next = First;

    /// <summary>The next wait.</summary>
    public TimeSpan Next()
    {
        TimeSpan drawn = TimeSpan.FromTicks((_next.Ticks / 2) + prng.Below((_next.Ticks / 2) + 1));
        _next = _next * 2 < Last ? _next * 2 : Last;
        return drawn;
    }

    /// <summary>A link has held: the next wait is a short one again.</summary>
    public void Reset() => _next = First;
}
