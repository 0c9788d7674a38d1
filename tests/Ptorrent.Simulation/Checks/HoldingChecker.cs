using Ptorrent.Harbor.State;
using Ptorrent.Link.Frames;
using Ptorrent.Simulation.Core;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Simulation.Checks;

/// <summary>
/// What an agent says that it holds is answered once and before anything else, and it gets no more than it named.
/// Whether it may have that is the <see cref="LeaseChecker"/>'s question; whether it ever had it nobody knows.
/// </summary>
internal sealed class HoldingChecker
{
    private readonly Dictionary<ChildId, Dictionary<long, Holding>> _open = [];

    /// <summary>A process is gone, and with it what it would have answered.</summary>
    public void OnHarborCrash() => _open.Clear();

    /// <summary>The harbor has handled an event.</summary>
    public void After(HarborEvent? cause, HarborEffect[] effects)
    {
        if (cause is HarborEvent.AgentJoined joined)
        {
            _open.Add(joined.Child, joined.Holdings.ToDictionary(h => h.Lease));
        }

        foreach (HarborEffect effect in effects)
        {
            switch (effect)
            {
                case HarborEffect.Grant grant when grant.Lease.Resumes != 0:
                    OnResumed(grant.Child, grant.Lease);
                    break;
                case HarborEffect.Grant grant:
                    RequireAnswered(grant.Child);
                    break;
                case HarborEffect.GrantMerge grant:
                    RequireAnswered(grant.Child);
                    break;
                case HarborEffect.DropHolding drop:
                    Take(drop.Child, drop.Holding);
                    break;
                case HarborEffect.CloseLink close:
                    _open.Remove(close.Child);
                    break;
                default:
                    break;
            }
        }

        if (cause is HarborEvent.AgentJoined child)
        {
            RequireAnswered(child.Child);
            _open.Remove(child.Child);
        }
    }

    private void OnResumed(ChildId child, Grant grant)
    {
        Holding named = Take(child, grant.Resumes);
        Require(
            grant.Job == named.Job && grant.Begin >= named.Begin && grant.End <= named.End,
            $"{grant.Begin}..{grant.End} of {grant.Job} goes on for {named}");
    }

    private Holding Take(ChildId child, long number)
    {
        Holding? holding = null;
        Require(
            _open.TryGetValue(child, out Dictionary<long, Holding>? named) && named.Remove(number, out holding),
            $"{number} is answered, which nobody named, or which was answered before");
        return holding;
    }

    private void RequireAnswered(ChildId child) => Require(
        !_open.TryGetValue(child, out Dictionary<long, Holding>? named) || named.Count == 0,
        $"{named?.Count} holdings of child {child} wait for an answer");

    private static void Require([System.Diagnostics.CodeAnalysis.DoesNotReturnIf(false)] bool holds, string what)
    {
        if (!holds)
        {
            throw new CheckFailedException(nameof(HoldingChecker), what);
        }
    }
}
