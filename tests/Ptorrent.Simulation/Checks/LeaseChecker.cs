using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Core;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Simulation.Checks;

/// <summary>
/// Follows every lease by what goes into the harbor's state and what comes out of it: nobody gets what is done or what
/// Follows every lease by what goes into the harbor's state and what comes out of it: nobody gets what is done or
/// what somebody else has, but for twins; what counts is what was leased, to whom, in which life; and what is durable
/// is never handed out again.
internal sealed class LeaseChecker(World world, DurabilityChecker durability)
{
    private readonly Dictionary<long, Live> _leases = [];
    private readonly Dictionary<(JobId Job, int Round), Coverage> _accepted = [];
    private readonly HashSet<ChildId> _children = [];
    private int _epoch;

    /// <summary>A process starts with what is durable.</summary>
    public void OnHarborStart(int epoch)
    {
        _epoch = epoch;
        _accepted.Clear();
    }

    /// <summary>A process is gone, and every lease of its life is void.</summary>
    public void OnHarborCrash()
    {
        _leases.Clear();
        _children.Clear();
    }

    /// <summary>The world is at its end.</summary>
    public void OnEnd() => Require(_leases.Count == 0, $"{_leases.Count} leases are left though every job has ended");

    /// <summary>The harbor has handled an event.</summary>
    public void After(HarborEvent? cause, HarborEffect[] effects)
    {
        Note(cause);
        bool mayCount = cause is HarborEvent.Committed;
        foreach (HarborEffect effect in effects)
        {
            switch (effect)
            {
                case HarborEffect.Persist { Record: StorageRecord.SegmentAdded segment }:
                    Require(mayCount, $"{segment.Range} counts without a commit");
                    mayCount = false;
                    OnCounted((HarborEvent.Committed)cause!, segment);
                    break;
                case HarborEffect.Grant grant:
                    OnGranted(grant.Child, grant.Lease, round: 0);
                    break;
                case HarborEffect.GrantMerge grant:
                    OnGranted(grant.Child, grant.Lease, grant.Round + 1);
                    break;
                case HarborEffect.Cancel cancel:
                    _leases.Remove(cancel.Lease.Value);
                    break;
                case HarborEffect.CloseLink close:
                    RemoveChild(close.Child);
                    break;
                case HarborEffect.Persist { Record: StorageRecord.JobRemoved removed }:
                    foreach ((JobId Job, int) key in _accepted.Keys.Where(k => k.Job == removed.Job).ToArray())
                    {
                        _accepted.Remove(key);
                    }

                    break;
                default:
                    break;
            }
        }
    }

    private void Note(HarborEvent? cause)
    {
        switch (cause)
        {
            case HarborEvent.AgentJoined joined:
                Require(_children.Add(joined.Child), "a child joined twice");
                break;
            case HarborEvent.AgentGone gone:
                RemoveChild(gone.Child);
                break;
            case HarborEvent.Nacked nacked when IsHeld(nacked.Lease, nacked.Child, nacked.Epoch):
                _leases.Remove(nacked.Lease.Value);
                break;
            case HarborEvent.CommitFaulty faulty when IsHeld(faulty.Lease, faulty.Child, faulty.Epoch):
                _leases.Remove(faulty.Lease.Value);
                break;
            case HarborEvent.Kept kept when IsHeld(kept.Lease, kept.Child, new LeaseEpoch(_epoch)):
                Keep(kept.Lease.Value, kept.From);
                break;
            default:
                break;
        }
    }

    private void Keep(long lease, long from)
    {
        Live live = _leases[lease];
        live.End = Math.Min(live.End, Math.Max(from, live.Begin));
        if (live.Begin == live.End)
        {
            _leases.Remove(lease);
        }

        world.Count("tails given back");
    }

    private bool IsHeld(LeaseId lease, ChildId child, LeaseEpoch epoch) =>
        _leases.TryGetValue(lease.Value, out Live? live) && live.Child == child && epoch.Value == _epoch;

    private void RemoveChild(ChildId child)
    {
        _children.Remove(child);
        foreach ((long lease, _) in _leases.Where(l => l.Value.Child == child).ToArray())
        {
            _leases.Remove(lease);
        }
    }

    private void OnGranted(ChildId child, Grant grant, int round)
    {
        JobId job = new(grant.Job);
        IndexRange range = grant.ToRange();
        string what = $"lease {grant.Lease} of job {world.ScriptOf(job).Number}, {range} in round {round}";
        Require(_children.Contains(child), $"{what} went to a child that is gone");
        Require(grant.Epoch == _epoch, $"{what} has epoch {grant.Epoch} in life {_epoch}");
        Require(!range.IsEmpty && world.ScriptOf(job).Request.Range.Covers(range), $"{what} is not in the job");
        Require(!durability.CoverageOf(job, round).Meets(range), $"{what} is durable already");
        Require(!AcceptedOf(job, round).Meets(range), $"{what} came back already");
        int twins = 0;
        foreach ((long id, Live other) in _leases)
        {
            if (other.Job == job && other.Round == round && other.Begin < range.End && range.Begin < other.End)
            {
                twins++;
                Require(
                    other.Begin == range.Begin && other.End == range.End && other.Child != child,
                    $"{what} overlaps lease {id}, {other.Begin}..{other.End}, and is not its twin");
            }
        }

        Require(twins <= 1, $"{what} is there {twins + 1} times");
        Require(twins == 0 || grant.Resumes == 0, $"{what} goes on though somebody else has it");
        Require(
            _leases.TryAdd(grant.Lease, new Live(job, round, child, range.Begin, range.End)),
            $"{what} has the id of another");
        world.Count("leases");
        world.Count("twins", twins);
    }

    private void OnCounted(HarborEvent.Committed commit, StorageRecord.SegmentAdded segment)
    {
        string what = $"a commit of lease {commit.Lease.Value} up to {commit.Upto}";
        Require(commit.Epoch.Value == _epoch, $"{what} counts though it is of life {commit.Epoch.Value}");
        Require(_leases.TryGetValue(commit.Lease.Value, out Live? live), $"{what} counts though nobody holds it");
        Require(live.Child == commit.Child, $"{what} counts though another child holds the lease");
        Require(
            segment.Job == live.Job && segment.Round == live.Round && segment.Range.Begin == live.Begin
                && segment.Range.End == commit.Upto && commit.Upto <= live.End,
            $"{what} counts as {segment.Range}; the lease is {live.Begin}..{live.End}");
        Coverage accepted = AcceptedOf(live.Job, live.Round);
        Require(!accepted.Meets(segment.Range), $"{what} counts twice");
        accepted.Add(segment.Range);
        live.Begin = commit.Upto;
        if (live.Begin == live.End)
        {
            _leases.Remove(commit.Lease.Value);
        }

        world.Count("commits");
    }

    private Coverage AcceptedOf(JobId job, int round)
    {
        if (!_accepted.TryGetValue((job, round), out Coverage? coverage))
        {
            coverage = new Coverage();
            _accepted.Add((job, round), coverage);
        }

        return coverage;
    }

    private static void Require(
        [System.Diagnostics.CodeAnalysis.DoesNotReturnIf(false)] bool holds,
        string what)
    {
        if (!holds)
        {
            throw new CheckFailedException(nameof(LeaseChecker), what);
        }
    }

    private sealed class Live(JobId job, int round, ChildId child, long begin, long end)
    {
        public JobId Job { get; } = job;

        public int Round { get; } = round;

        public ChildId Child { get; } = child;

        public long Begin { get; set; } = begin;

        public long End { get; set; } = end;
    }
}
