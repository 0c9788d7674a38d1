using System.Collections.Immutable;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Xunit;

namespace Ptorrent.Tests.Harbor.Blobs;

public sealed class PieceSwarmTests
{
    private static readonly TimeSpan Now = TimeSpan.FromMinutes(1);

    private static readonly AgentId Ann = new(1);
    private static readonly AgentId Bob = new(2);
    private static readonly AgentId Eve = new(3);

    [Fact]
    public void Advise_TwoThatHaveNothing_FetchDifferentPieces()
    {
        PieceSwarm swarm = new(8);
        Report(swarm, Ann);
        Report(swarm, Bob);

        Assert.Equal([0, 1, 2, 3], swarm.Advise(Now, Ann, 4).Pieces);
        Assert.Equal([4, 5, 6, 7], swarm.Advise(Now, Bob, 6).Pieces);
        Assert.Empty(swarm.Advise(Now, Ann, 4).Pieces);
    }

    [Fact]
    public void Advise_WhatAnotherHas_IsNotFetchedFromTheHarborButToldOf()
    {
        PieceSwarm swarm = new(4);
        Report(swarm, Ann, 0, 2);
        Report(swarm, Bob);

        PieceAdvice advice = swarm.Advise(Now, Bob, 4);

        Assert.Equal([1, 3], advice.Pieces);
        PieceSource source = Assert.Single(advice.Sources);
        Assert.Equal((Ann, "127.0.0.1:1"), (source.Agent, source.Address));
        Assert.Equal([0b0101], source.Have.ToArray());
    }

    [Fact]
    public void Advise_AClaimThatIsOver_GoesToAnother()
    {
        PieceSwarm swarm = new(1);
        Report(swarm, Ann);
        Report(swarm, Bob);
        Assert.Equal([0], swarm.Advise(Now, Ann, 1).Pieces);
        TimeSpan over = swarm.NextWakeAt!.Value;

        Assert.False(swarm.HasNews(over - TimeSpan.FromTicks(1), Bob, swarm.Version, 1));
        Assert.True(swarm.HasNews(over, Bob, swarm.Version, 1));
        Assert.Equal([0], swarm.Advise(over, Bob, 1).Pieces);
    }

    [Fact]
    public void Advise_WhatOnlyALostSourceHas_IsFetchedFromTheHarbor()
    {
        PieceSwarm swarm = new(2);
        Report(swarm, Eve, 0, 1);
        Report(swarm, Ann, 1);
        Report(swarm, Bob, [Eve]);

        Assert.Equal([0], swarm.Advise(Now, Bob, 2).Pieces);
    }

    [Fact]
    public void Leave_FreesClaimsAndForgetsPieces()
    {
        PieceSwarm swarm = new(2);
        Report(swarm, Ann, 0);
        Report(swarm, Bob);
        Assert.Equal([1], swarm.Advise(Now, Ann, 2).Pieces);
        long seen = swarm.Version;

        swarm.Leave(Ann);

        Assert.True(swarm.HasNews(Now, Bob, seen, 0));
        PieceAdvice advice = swarm.Advise(Now, Bob, 2);
        Assert.Equal([0, 1], advice.Pieces.Order());
        Assert.Empty(advice.Sources);
    }

    [Fact]
    public void Report_WithNothingNew_IsNoNews()
    {
        PieceSwarm swarm = new(2);
        Report(swarm, Ann, 0);
        long seen = swarm.Version;
        Report(swarm, Ann, 0);
        Assert.False(swarm.HasNews(Now, Bob, seen, 0));
        Report(swarm, Ann, 0, 1);
        Assert.True(swarm.HasNews(Now, Bob, seen, 0));
    }

    [Fact]
    public void Report_OfOneTooMany_IsNotTaken()
    {
        PieceSwarm swarm = new(1);
        for (int i = 1; i <= PieceSwarm.MemberCountMax; i++)
        {
            Assert.NotNull(Report(swarm, new AgentId((ulong)i)));
        }

        Assert.Null(Report(swarm, new AgentId(PieceSwarm.MemberCountMax + 1)));
        Assert.NotNull(Report(swarm, Ann));
    }

    private static long? Report(PieceSwarm swarm, AgentId agent, params int[] pieces) =>
        Report(swarm, agent, [], pieces);

    private static long? Report(
        PieceSwarm swarm, AgentId agent, ImmutableArray<AgentId> lost, params int[] pieces)
    {
        PieceMap have = new(swarm.PieceCount);
        foreach (int piece in pieces)
        {
            have.Add(piece);
        }

        PieceReport report = new()
        {
            Address = $"127.0.0.1:{agent.Value}",
            Have = have.ToByteArray(),
            Lost = lost,
        };
        return swarm.Report(Now, agent, report, have);
    }
}
