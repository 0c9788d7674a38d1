using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>A lease in a child's hands. Objects are used again for later leases (<see cref="LeaseBook"/>).</summary>
internal sealed class Lease
{
    private Lease? _nextOfChild;
    private Lease? _previousOfChild;
    private Lease? _nextOfWork;
    private Lease? _previousOfWork;

    public LeaseId Id { get; private set; }

    public Child Child { get; private set; } = null!; // Set by Begin before anybody sees the lease.

    public Work Work { get; private set; } = null!; // Set by Begin before anybody sees the lease.

    /// <summary>What is not committed of it.</summary>
    public IndexRange Left { get; set; }

    /// <summary>What it was expected to burn for each index when it was granted.</summary>
    public double FuelPerIndex { get; private set; }

    /// <summary>Whether that was guessed since nothing had come back of its class.</summary>
    public bool IsGuess { get; set; }

    /// <summary>What an index costs is known now.</summary>
    public void Price(double fuelPerIndex)
    {
        FuelPerIndex = fuelPerIndex;
        IsGuess = false;
    }

    public TimeSpan GrantedAt { get; set; }

    /// <summary>When its child was expected to turn to it.</summary>
    public TimeSpan StartsAt { get; set; }

    /// <summary>Whether its child had nothing when it was granted, so that the first commit tells of the round
    /// trip.</summary>
    public bool TellsRoundTrip { get; set; }

    /// <summary>Whether its child has answered that it can give nothing of it back.</summary>
    public bool IsIndivisible { get; set; }

    /// <summary>The other lease on the same indices, where this one was granted a second time. Twins always have the
    /// same indices left.</summary>
    public Lease? Twin { get; set; }

    /// <summary>How often both holders of its indices were overdue and a third was tried: each time there is twice the
    /// patience.</summary>
    public int VainPairs { get; set; }

    /// <summary>The first index of the tail that was asked back and not answered for yet.</summary>
    public long? RevokedFrom { get; set; }

    /// <summary>When the tail was asked back.</summary>
    public TimeSpan RevokedAt { get; set; }

    /// <summary>For whom the tail was asked back; null once that child is not kept waiting for it.</summary>
    public Child? Taker { get; set; }

    /// <summary>Fuel of the tail that was asked back.</summary>
    public double FuelRevoked { get; set; }

    public Lease? NextOfChild => _nextOfChild;

    public Lease? PreviousOfChild => _previousOfChild;

    public Lease? NextOfWork => _nextOfWork;

    public Lease? PreviousOfWork => _previousOfWork;

    public double FuelLeft => Left.Count * FuelPerIndex;

    /// <summary>Starts the life of a lease.</summary>
    public void Begin(LeaseId id, Child child, Work work, IndexRange range, double fuelPerIndex)
    {
        Id = id;
        Child = child;
        Work = work;
        Left = range;
        FuelPerIndex = fuelPerIndex;
        IsGuess = false;
        TellsRoundTrip = false;
        IsIndivisible = false;
        Twin = null;
        VainPairs = 0;
        RevokedFrom = null;
        Taker = null;
        FuelRevoked = 0;
    }

    /// <summary>Among the leases of its child.</summary>
    internal sealed class OfChild : IChainLinks<Lease>
    {
        public static ref Lease? PreviousOf(Lease item) => ref item._previousOfChild;

        public static ref Lease? NextOf(Lease item) => ref item._nextOfChild;
    }

    /// <summary>Among the leases of its work.</summary>
    internal sealed class OfWork : IChainLinks<Lease>
    {
        public static ref Lease? PreviousOf(Lease item) => ref item._previousOfWork;

        public static ref Lease? NextOf(Lease item) => ref item._nextOfWork;
    }
}
