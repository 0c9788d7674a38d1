using Ptorrent.Agent.Connection;
using Ptorrent.Model.Randomness;
using Xunit;

namespace Ptorrent.Tests.Agent.Connection;

public sealed class ReconnectDelayTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(59, 1)]
    [InlineData(60, 30)]
    public void Next_DoublesWithJitter_ToASecondAtFirstAndToHalfAMinuteLater(int secondsAway, double last)
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            ReconnectDelay delay = new(new Prng(seed));
            TimeSpan away = TimeSpan.FromSeconds(secondsAway);
            double bound = 0.25;
            for (int i = 0; i < 12; i++)
            {
                Assert.InRange(delay.Next(away).TotalSeconds, bound / 2, bound);
                bound = Math.Min(2 * bound, last);
            }

            delay.Reset();
            Assert.InRange(delay.Next(away).TotalSeconds, 0.125, 0.25);
        }
    }
}
