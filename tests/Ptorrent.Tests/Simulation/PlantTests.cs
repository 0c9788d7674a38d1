using Ptorrent.Simulation;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Nodes;
using Xunit;

namespace Ptorrent.Tests.Simulation;

// Goal: the checkers are not blind.
// Method: plant a bug in the simulated surroundings; some seed of a few must fail, and by the checker that is meant to.
public sealed class PlantTests
{
    private const ulong SeedCount = 20;

    [Theory]
    [InlineData("forgetful-disk", "DurabilityChecker")]
    [InlineData("no-fence", "JobChecker")]
    [InlineData("credulous", "LeaseChecker")]
    [InlineData("trusting-disk", "JobChecker")]
    public void Plant_IsCaught(string plant, string check)
    {
        HashSet<string?> caught = [];
        for (ulong seed = 0; seed < SeedCount; seed++)
        {
            caught.Add(new World(seed, Troubled(seed), Plants.Find(plant)).Run().Check);
        }

        Assert.Contains(check, caught);
    }

    [Fact]
    public void Plant_None_NothingIsCaught()
    {
        for (ulong seed = 0; seed < SeedCount; seed++)
        {
            Assert.Null(new World(seed, Troubled(seed)).Run().Check);
        }
    }

    /// <summary>A world in which plants have their chance: a harbor that often crashes, an agent that sends old
    /// commits again, and one that says it holds what it never had.</summary>
    private static WorldOptions Troubled(ulong seed)
    {
        WorldOptions drawn = WorldOptions.Draw(new Dice(seed));
        return drawn with
        {
            JobCount = 4,
            WorkSeconds = 60,
            SafetyTime = TimeSpan.FromSeconds(40),
            CrashEvery = TimeSpan.FromSeconds(4),
            RotEvery = TimeSpan.FromSeconds(5),
            Agents =
            [
                drawn.Agents[0],
                drawn.Agents[1] with { Temperament = Temperament.Replaying },
                drawn.Agents[1] with { Number = 3, Temperament = Temperament.Claiming },
                drawn.Agents[1] with { Number = 4, Temperament = Temperament.Honest },
            ],
        };
    }
}
