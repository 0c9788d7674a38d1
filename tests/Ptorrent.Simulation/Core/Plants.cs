using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Simulation.Nodes;

namespace Ptorrent.Simulation.Core;

/// <summary>The bugs that may be planted.</summary>
internal static class Plants
{
    /// <summary>The plant of this name; null if there is none.</summary>
    public static Plant? Find(string name) => name switch
    {
        "none" => new Plant(),
        "forgetful-disk" => new ForgetfulDiskPlant(),
        "no-fence" => new NoFencePlant(),
        "credulous" => new CredulousPlant(),
        "trusting-disk" => new TrustingDiskPlant(),
        _ => null,
    };

    /// <summary>The disk says that a segment is synced, and loses every fifth.</summary>
    private sealed class ForgetfulDiskPlant : Plant
    {
        public override Disk MakeDisk(Schedule schedule, Dice dice, DiskOptions options) =>
            new ForgetfulDisk(schedule, dice, options);
    }

    /// <summary>The disk gives out whatever it has, changed or not.</summary>
    private sealed class TrustingDiskPlant : Plant
    {
        public override Disk MakeDisk(Schedule schedule, Dice dice, DiskOptions options) =>
            new TrustingDisk(schedule, dice, options);
    }

    /// <summary>The network delivers commits of earlier lives of the harbor as if they were of the last lease of this
    /// one.</summary>
    private sealed class NoFencePlant : Plant
    {
        public override void Tamper(Frame frame, Grant? granted)
        {
            if (frame.Commit is { } commit && granted is not null && commit.Epoch < granted.Epoch)
            {
                (commit.Lease, commit.Epoch, commit.Upto) = (granted.Lease, granted.Epoch, granted.End);
            }
        }
    }

    /// <summary>The harbor grants again whatever an agent says that it holds.</summary>
    private sealed class CredulousPlant : Plant
    {
        private long _lease = 1L << 60;

        public override HarborEffect Alter(HarborEvent? cause, HarborEffect effect)
        {
            if (effect is not HarborEffect.DropHolding drop
                || cause is not HarborEvent.AgentJoined joined
                || joined.Holdings.First(h => h.Lease == drop.Holding) is not { } holding)
            {
                return effect;
            }

            Grant grant = new()
            {
                Lease = ++_lease,
                Epoch = holding.Epoch,
                Job = holding.Job,
                Begin = holding.Begin,
                End = holding.End,
                Resumes = holding.Lease,
            };
            return new HarborEffect.Grant(joined.Child, grant, new JobDescription());
        }
    }

    private sealed class TrustingDisk(Schedule schedule, Dice dice, DiskOptions options)
        : Disk(schedule, dice, options)
    {
        public override bool IsSound(StorageRecord.SegmentAdded segment) => true;
    }

    private sealed class ForgetfulDisk(Schedule schedule, Dice dice, DiskOptions options)
        : Disk(schedule, dice, options)
    {
        private int _count;

        protected override bool Remembers(StorageRecord record) =>
            record is not StorageRecord.SegmentAdded || ++_count % 5 != 0;
    }
}
