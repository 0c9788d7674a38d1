using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>
/// Whoever takes leases from this node. It is taken to work on its leases one after the other in the order of their
/// grants, each on all of its slots.
/// </summary>
internal sealed class Child(ChildId id, int slotCount, ComputeRate slotRate, TimeSpan joinedAt, double roundTrip)
{
    // What is known of its speed halves its weight with every three commits, and sooner where one tells of so many
    // seconds and more, since it is likely to go on as it went last. What was said of it before any has the weight of
    // so many seconds.
    private const double Memory = 0.8;
    private const double SecondsSaid = 0.05;
    private const double SecondsForgotten = 3;

    // A longer round trip moves the estimate by this share, a shorter one at once: a commit may have waited for more
    // than its way, but none is faster than the line.
    private const double RoundTripGain = 0.125;

    // After the first silence, and how often the time doubles.
    private const int SilencesMax = 6;
    private static readonly TimeSpan SilentTime = TimeSpan.FromSeconds(10);

    private double _fuel = slotRate.FuelPerSecond * SecondsSaid;
    private double _seconds = SecondsSaid;
    private double _slotRate = slotRate.FuelPerSecond;
    private int _silences;
    private int _fedPlace;
    private int _hungryPlace;
    private int _loadedPlace;
    private int _exposedPlace;
    private int _watchedPlace;
    private int _latePlace;
    private int _stuckPlace;

    public ChildId Id { get; } = id;

    public int SlotCount { get; } = slotCount;

    public TimeSpan JoinedAt { get; } = joinedAt;

    /// <summary>Fuel a second of one slot, as last learned.</summary>
    public double SlotRate => _slotRate;

    /// <summary>Fuel a second of all its slots.</summary>
    public double Rate => _slotRate * SlotCount;

    /// <summary>Fuel a second of the slots that its leases keep busy.</summary>
    public double BusyRate => _slotRate * Math.Clamp(IndicesOutstanding, 1, SlotCount);

    /// <summary>Seconds from a grant to its arrival and back, as last learned.</summary>
    public double RoundTrip { get; private set; } = roundTrip;

    /// <summary>Fuel that may be outstanding with it. Nothing until it says so.</summary>
    public Fuel Window { get; set; } = Fuel.Zero;

    /// <summary>Its leases, the oldest first.</summary>
    public Chain<Lease, Lease.OfChild> Leases { get; } = new();

    /// <summary>Fuel that its leases are expected to burn yet.</summary>
    public double FuelOutstanding { get; set; }

    /// <summary>Of that, what was asked back.</summary>
    public double FuelRevoked { get; set; }

    /// <summary>Fuel that was asked back from others for it.</summary>
    public double FuelPromised { get; set; }

    /// <summary>Indices in its leases.</summary>
    public long IndicesOutstanding { get; set; }

    /// <summary>Up to when what it has done is known: its last commit, or when it got the first of its
    /// leases.</summary>
    public TimeSpan ProgressAt { get; set; } = joinedAt;

    /// <summary>When it was last asked for all it had not begun.</summary>
    public TimeSpan AskedAt { get; set; } = joinedAt;

    /// <summary>When something was last heard of it.</summary>
    public TimeSpan HeardAt { get; set; } = joinedAt;

    /// <summary>When it is expected to have done all it has; the key of <see cref="ByLoad"/>.</summary>
    public TimeSpan BusyUntil { get; set; } = joinedAt;

    /// <summary>When it is to be given more; the key of <see cref="ByFeedTime"/>.</summary>
    public TimeSpan FeedAt { get; set; }

    /// <summary>When a slot of it will have nothing to do; part of the key of <see cref="ByHunger"/>.</summary>
    public TimeSpan IdleAt { get; set; }

    /// <summary>When it was last heard of, if it has nothing to do; part of the key of
    /// <see cref="ByHunger"/>.</summary>
    public TimeSpan? IdleHeardAt { get; set; }

    /// <summary>When something of it must have been heard; the key of <see cref="ByDue"/>.</summary>
    public TimeSpan DueAt { get; set; }

    /// <summary>Whether it is overdue: the moment has passed without a commit or an answer.</summary>
    public bool IsOverdue { get; set; }

    /// <summary>Whether it has left a revoke unanswered.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>How often it has left a revoke unanswered since something was heard of it; bounded.</summary>
    public int SilenceCount => _silences;

    /// <summary>When a silent child is tried again, though nothing was heard of it.</summary>
    public TimeSpan TrustedAt { get; private set; }

    /// <summary>Whether it was removed; others may still hold on to the object.</summary>
    public bool IsGone { get; set; }

    /// <summary>Works that it said it cannot do; null while there is none.</summary>
    public List<Work>? ExcludedFrom { get; set; }

    /// <summary>It has left a revoke unanswered: it is tried again after some time, twice as long each time.</summary>
    public void MarkSilent(TimeSpan now)
    {
        if (!IsSilent)
        {
            IsSilent = true;
            TrustedAt = now + (SilentTime * (1 << _silences));
            _silences = Math.Min(_silences + 1, SilencesMax);
        }
    }

    /// <summary>It may be given work again; what was heard of it tells whether its silence is forgotten.</summary>
    public void Trust(bool isHeard)
    {
        IsSilent = false;
        _silences = isHeard ? 0 : _silences;
    }

    /// <summary>Learns from work that came back: <paramref name="fuel"/> in <paramref name="busy"/> of one
    /// slot.</summary>
    public void Observe(Fuel fuel, TimeSpan busy)
    {
        // Below this the clock's grain and the call's own cost tell more than the program does.
        if (busy < TimeSpan.FromMicroseconds(200) || fuel.Units <= 0)
        {
            return;
        }

        double ages = busy.TotalSeconds / SlotCount / SecondsForgotten;
        double memory = Math.Min(Memory, 1 / (1 + (ages * ages)));
        _fuel = (_fuel * memory) + fuel.Units;
        _seconds = (_seconds * memory) + busy.TotalSeconds;
        _slotRate = _fuel / _seconds;
    }

    public void ObserveRoundTrip(double seconds, double secondsMax)
    {
        double seen = Math.Clamp(seconds, 0, secondsMax);
        RoundTrip = seen < RoundTrip ? seen : RoundTrip + (RoundTripGain * (seen - RoundTrip));
    }

    /// <summary>Forgets that it cannot do a work, since the work is forgotten.</summary>
    public void Admit(Work work)
    {
        if (ExcludedFrom is { } works && works.Remove(work) && works.Count == 0)
        {
            ExcludedFrom = null;
        }
    }

    /// <summary>
    /// Whoever has nothing to do first, of these whoever was heard of last: it is the likeliest to be there, and
    /// nothing tells of one that vanished while it had nothing. Then whoever will have nothing to do first.
    /// </summary>
    internal sealed class ByHunger : IHeapOrder<Child>
    {
        public static bool IsBefore(Child left, Child right)
        {
            if (left.IdleHeardAt != right.IdleHeardAt)
            {
                return right.IdleHeardAt is null || left.IdleHeardAt > right.IdleHeardAt;
            }

            return left.IdleAt != right.IdleAt ? left.IdleAt < right.IdleAt : left.Id.Value < right.Id.Value;
        }

        public static ref int PlaceOf(Child item) => ref item._hungryPlace;
    }

    /// <summary>Whoever will be hungry first.</summary>
    internal sealed class ByFeedTime : IHeapOrder<Child>
    {
        public static bool IsBefore(Child left, Child right) =>
            left.FeedAt != right.FeedAt ? left.FeedAt < right.FeedAt : left.Id.Value < right.Id.Value;

        public static ref int PlaceOf(Child item) => ref item._fedPlace;
    }

    /// <summary>Whoever has the most to do first.</summary>
    internal sealed class ByLoad : IHeapOrder<Child>
    {
        public static bool IsBefore(Child left, Child right) =>
            left.BusyUntil != right.BusyUntil ? left.BusyUntil > right.BusyUntil : left.Id.Value < right.Id.Value;

        public static ref int PlaceOf(Child item) => ref item._loadedPlace;
    }

    /// <summary>The same of those whose leases may be granted a second time.</summary>
    internal sealed class ByExposure : IHeapOrder<Child>
    {
        public static bool IsBefore(Child left, Child right) => ByLoad.IsBefore(left, right);

        public static ref int PlaceOf(Child item) => ref item._exposedPlace;
    }

    /// <summary>Whoever must be heard of first.</summary>
    internal sealed class ByDue : IHeapOrder<Child>
    {
        public static bool IsBefore(Child left, Child right) =>
            left.DueAt != right.DueAt ? left.DueAt < right.DueAt : left.Id.Value < right.Id.Value;

        public static ref int PlaceOf(Child item) => ref item._watchedPlace;
    }

    /// <summary>Of those that are late, whoever is overdue first.</summary>
    internal sealed class ByLateness : IHeapOrder<Child>
    {
        public static bool IsBefore(Child left, Child right) => ByDue.IsBefore(left, right);

        public static ref int PlaceOf(Child item) => ref item._latePlace;
    }

    /// <summary>Of those that are overdue, the longest overdue first.</summary>
    internal sealed class ByOverdue : IHeapOrder<Child>
    {
        public static bool IsBefore(Child left, Child right) => ByDue.IsBefore(left, right);

        public static ref int PlaceOf(Child item) => ref item._stuckPlace;
    }
}
