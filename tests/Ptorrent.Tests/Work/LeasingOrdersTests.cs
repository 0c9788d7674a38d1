using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Work;

// Goal: whatever happens in whatever order, every index is committed exactly once, nobody holds what another one has
// but a twin, and the work ends when everybody works.
// Method: all short orders of events, then long drawn ones, in a world that keeps its own account.
public sealed class LeasingOrdersTests
{
    // Three indices are one lease of the shortest time.
    private static readonly Fuel FuelPerIndex = new(200_000);

    [Theory]
    [InlineData(6, 1, 2)]
    [InlineData(5, 1, 8)]
    [InlineData(5, 2, 7)]
    public void AnyEvents_AllShortOrders_EveryIndexIsCommittedOnce(int stepCount, int slotCount, int indexCount)
    {
        ChoiceTape tape = new();
        (int orders, int twins, int revokes, int lost) = (0, 0, 0, 0);
        do
        {
            LeasingWorld world = new(LeasingLimits.Wire, indexCount, slotCount, FuelPerIndex);
            world.Join();
            world.Join();
            IndexRange? left = null;
            for (int step = 0; step < stepCount && !world.IsComplete; step++)
            {
                Step(world, tape, ref left);
            }

            if (!world.IsComplete)
            {
                world.Finish();
            }

            orders++;
            twins += world.TwinCount;
            revokes += world.RevokeCount;
            lost += world.LostCount;
        }
        while (tape.Advance());

        Assert.True(orders > 1_000);
        Assert.True(twins > 0 && revokes > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AnyEvents_DrawnAtRandom_EveryIndexIsCommittedOnce(int seed)
    {
        Prng prng = new((ulong)seed);
        (int twins, int revokes, int lost, int cancels) = (0, 0, 0, 0);
        for (int run = 0; run < 300; run++)
        {
            LeasingWorld world = new(
                LeasingLimits.Wire, 1 + (run * 7 % 300), 1 + (int)prng.Below(3), new Fuel(1 + prng.Below(400_000)));
            for (int step = 0; step < 120 && !world.IsComplete; step++)
            {
                Draw(world, prng);
            }

            if (!world.IsComplete)
            {
                world.Finish();
            }

            twins += world.TwinCount;
            revokes += world.RevokeCount;
            lost += world.LostCount;
            cancels += world.CancelCount;
        }

        Assert.True(twins > 10 && revokes > 100 && cancels > 10, $"{twins} {revokes} {lost} {cancels}");
    }

    /// <summary>One of the events that are possible: reports of the first two leases, departures, returns, time.
    /// </summary>
    private static void Step(LeasingWorld world, ChoiceTape tape, ref IndexRange? left)
    {
        LeasingWorld.Held[] leases = [.. world.Leases.Take(2)];
        LeasingWorld.Held? revoked = world.Leases.FirstOrDefault(l => l.RevokedFrom is not null);
        int choice = tape.Choose(3 + (3 * leases.Length) + (revoked is null ? 0 : 2));
        switch (choice)
        {
            case 0:
                world.Wait(TimeSpan.FromSeconds(4));
                return;
            case 1 when world.Children.Count > 1:
                left = world.Leave(world.Children.First()) ?? left;
                return;
            case 1:
                world.Join();
                return;
            case 2 when left is { } wanted:
                world.JoinWith(wanted);
                left = null;
                return;
            case 2:
                world.Wait(TimeSpan.FromSeconds(0.5));
                return;
        }

        choice -= 3;
        if (choice < 3 * leases.Length)
        {
            Report(world, leases[choice / 3], choice % 3);
            return;
        }

        bool givesAll = choice - (3 * leases.Length) == 0;
        world.Keep(revoked!, givesAll ? revoked!.RevokedFrom!.Value : revoked!.Left.End);
    }

    private static void Report(LeasingWorld world, LeasingWorld.Held lease, int what)
    {
        switch (what)
        {
            case 0:
                world.Commit(lease, lease.Left.Begin + 1);
                break;
            case 1:
                world.Commit(lease, lease.Left.End);
                break;
            default:
                world.Nack(lease);
                break;
        }
    }

    private static void Draw(LeasingWorld world, Prng prng)
    {
        LeasingWorld.Held[] leases = [.. world.Leases];
        LeasingWorld.Held? drawn = leases.Length > 0 ? leases[prng.Below(leases.Length)] : null;
        long what = prng.Below(20);
        if (world.Children.Count < 2 || what == 0)
        {
            world.Join();
        }
        else if (what == 1)
        {
            IndexRange? left = world.Leave(world.Children.ElementAt((int)prng.Below(world.Children.Count)));
            if (left is { } wanted && !world.IsComplete)
            {
                world.JoinWith(wanted);
            }
        }
        else if (what == 2)
        {
            world.ReportNonsense();
        }
        else if (what < 9 || drawn is null)
        {
            world.Wait(TimeSpan.FromMilliseconds(1 + prng.Below(what < 5 ? 8_000 : 300)));
        }
        else if (drawn.RevokedFrom is { } from && what < 16)
        {
            long least = Math.Max(from, drawn.Left.Begin);
            world.Keep(drawn, least + prng.Below(drawn.Left.End - least + 1));
        }
        else if (what == 19 && world.Children.Count > 4)
        {
            world.Nack(drawn);
        }
        else
        {
            world.Commit(drawn, drawn.Left.Begin + 1 + prng.Below(drawn.Left.Count));
        }
    }
}
