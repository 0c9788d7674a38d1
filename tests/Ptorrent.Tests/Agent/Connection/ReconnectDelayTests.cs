using Ptorrent.Agent.Connection;
using Ptorrent.Model.Randomness;
using Xunit;

namespace Ptorrent.Tests.Agent.Connection;

public sealed class ReconnectDelayTests
{
    [Fact]
    public void Next_DoublesToHalfAMinuteWithJitter()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            ReconnectDelay delay = new(new Prng(seed));
            double bound = 0.25;
            for (int i = 0; i < 12; i++)
            {
                Assert.InRange(delay.Next().TotalSeconds, bound / 2, bound);
                bound = Math.Min(2 * bound, 30);
            }

            delay.Reset();
            Assert.InRange(delay.Next().TotalSeconds, 0.125, 0.25);
        }
    }
}
