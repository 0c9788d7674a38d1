using Ptorrent.Simulation;
using Ptorrent.Simulation.Core;
using Xunit;

namespace Ptorrent.Tests.Simulation;

// Goal: the checkers are not blind.
// Method: plant a bug in the simulated surroundings; some seed of a few must fail, and by the checker that is meant to.
public sealed class PlantTests
{
    private const ulong SeedCount = 60;

    [Theory]
    [InlineData("forgetful-disk", "DurabilityChecker")]
    public void Plant_IsCaught(string plant, string check)
    {
        HashSet<string?> caught = [];
        for (ulong seed = 0; seed < SeedCount; seed++)
        {
            caught.Add(new World(seed, plant: Plants.Find(plant)).Run().Check);
        }

        Assert.Contains(check, caught);
    }
}
