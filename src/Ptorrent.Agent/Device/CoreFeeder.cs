using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;

namespace Ptorrent.Agent.Device;

/// <summary>
/// Keeps one core's executor fed from the leases that the device's decider gave to the core, without asking it: takes
/// runs of some milliseconds from the front of a lease's word, so that others can take from its back meanwhile, and
/// tells the decider afterwards. Pure: each method is an event, effects are appended to the caller's list. Not for
/// several threads.
/// </summary>
internal sealed class CoreFeeder
{
    // The weight of what was measured before; costs change along the range.
    private const double Memory = 0.7;

    private readonly FeederLimits _limits;
    private readonly List<CoreLease> _leases = [];
    private readonly Place[] _places;
    private int _first;
    private int _count;
    private bool _isPaused;
    private JobId _job;
    private double _seconds;
    private double _indices;

    public CoreFeeder(FeederLimits limits)
    {
        _limits = limits;
        _places = new Place[limits.RunsInFlight];
    }

    /// <summary>Runs in flight.</summary>
    public int RunCount => _count;

    /// <summary>The core has another lease. A merge goes before all that is only to be run: somebody waits for it
    /// alone.</summary>
    public void Add(CoreLease lease, List<FeederEffect> effects)
    {
        int at = lease.IsMerge ? _leases.FindIndex(l => !l.IsMerge) : -1;
        _leases.Insert(at < 0 ? _leases.Count : at, lease);
        Feed(effects);
    }

    /// <summary>A lease is over: what is in flight of it is stopped.</summary>
    public void Drop(CoreLease lease, List<FeederEffect> effects)
    {
        Forget(lease, effects);
        Feed(effects);
    }

    /// <summary>While paused, nothing is begun; what is in flight goes on.</summary>
    public void Pause(bool isPaused, List<FeederEffect> effects)
    {
        _isPaused = isPaused;
        Feed(effects);
    }

    /// <summary>What was in a place has ended.</summary>
    public void End(int place, RunEnd end, List<FeederEffect> effects)
    {
        ref Place ended = ref _places[place];
        Invariant.Holds(ended.Lease is not null && !ended.HasEnded);
        ended.HasEnded = true;
        ended.End = end;
        if (end.Kind == RunEndKind.Completed)
        {
            Learn(ended.Lease, ended.Range.Count, end.Busy);
        }
        else
        {
            // The decider has the last word on what becomes of the lease; until then nothing more of it is tried.
            Forget(ended.Lease, effects);
        }

        Leave(effects);
        Feed(effects);
    }

    /// <summary>Frees the places of runs that have ended and tells of them, in the order of the runs.</summary>
    private void Leave(List<FeederEffect> effects)
    {
        while (_count > 0 && _places[_first].HasEnded)
        {
            ref Place place = ref _places[_first];
            if (!place.IsStopped)
            {
                effects.Add(new FeederEffect(
                    FeederEffectKind.Report, _first, new CoreReport(place.Lease!, place.Range, place.End)));
            }

            place = default;
            _first = (_first + 1) % _places.Length;
            _count--;
        }
    }

    private void Forget(CoreLease lease, List<FeederEffect> effects)
    {
        _leases.Remove(lease);
        for (int i = 0; i < _places.Length; i++)
        {
            ref Place place = ref _places[i];
            if (place.Lease == lease && !place.HasEnded && !place.IsStopped)
            {
                place.IsStopped = true;
                effects.Add(new FeederEffect(FeederEffectKind.Stop, i, new CoreReport(lease, place.Range, default)));
            }
        }
    }

    private void Feed(List<FeederEffect> effects)
    {
        while (!_isPaused && _count < _places.Length && _leases.Count > 0)
        {
            CoreLease lease = _leases[0];
            IndexRange granule = lease.Left.TakeFront(GranuleOf(lease));
            if (granule.IsEmpty)
            {
                _leases.RemoveAt(0);
                continue;
            }

            int at = (_first + _count) % _places.Length;
            _places[at] = new Place { Lease = lease, Range = granule };
            _count++;
            effects.Add(new FeederEffect(FeederEffectKind.Start, at, new CoreReport(lease, granule, default)));
        }
    }

    private void Learn(CoreLease lease, long indices, TimeSpan busy)
    {
        if (!lease.IsMerge && lease.Job == _job)
        {
            _seconds = (_seconds * Memory) + busy.TotalSeconds;
            _indices = (_indices * Memory) + indices;
        }
    }

    /// <summary>How many indices the next run takes: a share of the time that the core has work for, within bounds.
    /// </summary>
    private long GranuleOf(CoreLease lease)
    {
        if (lease.IsMerge)
        {
            return 1;
        }

        if (lease.Job != _job)
        {
            (_job, _seconds, _indices) = (lease.Job, lease.SecondsPerIndex, 1);
        }

        double secondsPerIndex = _seconds / _indices;
        if (secondsPerIndex <= 0)
        {
            // Nothing of the job has come back.
            return 1;
        }

        double share = _limits.RunShare * CountLeft(lease.Job) * secondsPerIndex;
        double time = Math.Clamp(share, _limits.RunTimeMin.TotalSeconds, _limits.RunTimeMax.TotalSeconds);
        long count = Math.Max(1, (long)Math.Min(time / secondsPerIndex, lease.RunIndexCountMax));
        return WithinInputs(lease, count);
    }

    private long CountLeft(JobId job)
    {
        long count = 0;
        foreach (CoreLease lease in _leases)
        {
            count += lease.Job == job && !lease.IsMerge ? lease.Left.Left.Count : 0;
        }

        return count;
    }

    private long WithinInputs(CoreLease lease, long count)
    {
        // Nobody but this feeder takes from the front, so the run begins there.
        IndexRange left = lease.Left.Left;
        ReadOnlySpan<InputFile> inputs = lease.InputsOf(left);
        long bytes = 0;
        for (int i = 0; i < inputs.Length && i < count; i++)
        {
            bytes += inputs[i].SizeBytes;
            if (bytes > _limits.InputBytesMax)
            {
                return Math.Max(1, i);
            }
        }

        return count;
    }

    /// <summary>A run in flight.</summary>
    private struct Place
    {
        public CoreLease? Lease;
        public IndexRange Range;
        public RunEnd End;
        public bool HasEnded;
        public bool IsStopped;
    }
}
