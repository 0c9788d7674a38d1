using System.Globalization;
using Ptorrent.Simulation;
using Ptorrent.Simulation.Core;
using Xunit;

namespace Ptorrent.Tests.Simulation;

// Goal: the network keeps its promises whatever breaks: docs/design/simulation.md.
// Method: fixed seeds, each run twice; a failure prints the line that replays it.
public sealed class SimulationTests
{
    private const int SeedsPerBlock = 20;
    private const int BlockCount = 10;

    public static TheoryData<int> Blocks => [.. Enumerable.Range(0, BlockCount)];

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Seeds_OfABlock_HoldEveryCheckAndRepeat(int block)
    {
        for (int i = 0; i < SeedsPerBlock; i++)
        {
            AssertGood((ulong)((block * SeedsPerBlock) + i));
        }
    }

    [Fact]
    public void Seeds_ThatFoundABug_HoldEveryCheck()
    {
        foreach (string line in File.ReadLines(RepositoryRoot.Combine("tests", "seeds.txt")))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                AssertGood(ulong.Parse(line.Split(' ', 2)[0], CultureInfo.InvariantCulture));
            }
        }
    }

    [Fact]
    public void Seed_RunAgain_IsTheSameWorld_AnotherSeedIsNot()
    {
        Assert.Equal(new World(1).Run().Digest, new World(1).Run().Digest);
        Assert.NotEqual(new World(1).Run().Digest, new World(2).Run().Digest);
    }

    private static void AssertGood(ulong seed)
    {
        Verdict verdict = World.RunTwice(seed, new Plant());
        Assert.True(verdict.IsGood, verdict.ToString());
    }
}
