using Ptorrent.Agent.Blobs;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Xunit;

namespace Ptorrent.Tests.Agent.Blobs;

public sealed class PiecePlanTests
{
    private static readonly AgentId Ann = new(1);
    private static readonly AgentId Bob = new(2);

    [Fact]
    public void TryTake_BeforeAnyAdvice_WaitsUnlessAlone()
    {
        PiecePlan plan = new(new PieceMap(3), rotation: 1);
        Assert.False(plan.TryTake(out _));
        Assert.True(plan.IsHungry);

        plan.IsAlone = true;
        Assert.Equal([1, 2, 0], TakeAll(plan).Select(o => o.Piece));
        Assert.True(plan.IsHungry);
    }

    [Fact]
    public void TryTake_Claims_ComeFirstAndFromTheHarbor()
    {
        PiecePlan plan = new(new PieceMap(4), rotation: 0);
        plan.Advise(new PieceAdvice(1, [3, 99, -1], [Source(Ann, 4, 0)]));

        List<PieceOrder> orders = TakeAll(plan);

        Assert.Equal([(3, null), (0, (AgentId?)Ann)], orders.Select(o => (o.Piece, o.Source?.Agent)));
    }

    [Fact]
    public void TryTake_OfWhatOthersHave_TakesTheRarestFromTheLeastBusy()
    {
        PiecePlan plan = new(new PieceMap(4), rotation: 0);
        plan.Advise(new PieceAdvice(1, [], [Source(Ann, 4, 0, 1, 2), Source(Bob, 4, 0, 1, 3)]));

        List<PieceOrder> orders = TakeAll(plan);

        // Pieces 2 and 3 have one holder each; then each has room for one more transfer.
        Assert.Equal(
            [(2, (AgentId?)Ann), (3, Bob), (0, Ann), (1, Bob)],
            orders.Select(o => (o.Piece, o.Source?.Agent)));
    }

    [Fact]
    public void TryTake_ASourceThatIsBusy_IsAskedForNoMore()
    {
        PiecePlan plan = new(new PieceMap(4), rotation: 0);
        plan.Advise(new PieceAdvice(1, [], [Source(Ann, 4, 0, 1, 2, 3)]));
        List<PieceOrder> orders = TakeAll(plan);
        Assert.Equal(2, orders.Count);

        plan.Land(orders[0]);
        Assert.Single(TakeAll(plan));
    }

    [Fact]
    public void Lose_ASource_IsNeverAskedAgain()
    {
        PiecePlan plan = new(new PieceMap(2), rotation: 0);
        plan.Advise(new PieceAdvice(1, [], [Source(Ann, 2, 0, 1)]));
        plan.Lose(TakeAll(plan)[0]);

        plan.Advise(new PieceAdvice(2, [], [Source(Ann, 2, 0, 1)]));

        Assert.Empty(TakeAll(plan));
        Assert.Equal([Ann], plan.Lost);
        plan.Advise(new PieceAdvice(3, [0], []));
        Assert.Equal(0, Assert.Single(TakeAll(plan)).Piece);
    }

    [Fact]
    public void Advise_LateOrMalformed_ChangesNothing()
    {
        PiecePlan plan = new(new PieceMap(2), rotation: 0);
        plan.Advise(new PieceAdvice(5, [], []));
        plan.Advise(new PieceAdvice(4, [], [Source(Ann, 2, 0)]));
        Assert.Empty(TakeAll(plan));
        plan.Advise(new PieceAdvice(6, [], [new PieceSource(Ann, "127.0.0.1:1", new byte[] { 255 })]));
        Assert.Empty(TakeAll(plan));
    }

    [Fact]
    public void Land_TheLastPiece_MakesItWhole()
    {
        PiecePlan plan = new(new PieceMap(2), rotation: 0) { IsAlone = true };
        foreach (PieceOrder order in TakeAll(plan))
        {
            Assert.False(plan.IsWhole);
            plan.Land(order);
        }

        Assert.True(plan.IsWhole);
        Assert.False(plan.TryTake(out _));
        Assert.False(plan.IsHungry);
    }

    private static List<PieceOrder> TakeAll(PiecePlan plan)
    {
        List<PieceOrder> orders = [];
        while (plan.TryTake(out PieceOrder? order))
        {
            orders.Add(order);
        }

        return orders;
    }

    private static PieceSource Source(AgentId agent, int count, params int[] pieces)
    {
        PieceMap map = new(count);
        foreach (int piece in pieces)
        {
            map.Add(piece);
        }

        return new PieceSource(agent, $"127.0.0.1:{agent.Value}", map.ToByteArray());
    }
}
