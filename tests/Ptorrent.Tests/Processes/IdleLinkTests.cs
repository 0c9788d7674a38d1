using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Agent;
using Ptorrent.Model.Jobs;
using Ptorrent.Tests.Harbor.Support;
using Ptorrent.Tests.Sandbox;
using Xunit;

namespace Ptorrent.Tests.Processes;

// Goal: an idle link is silent: no pings, no polls, nothing that asks whether somebody is there.
// Method: a real harbor and a real agent with executors, with a proxy between them that counts bytes; after a job is
// done and its last receipt has gone through, a minute is watched.
public sealed class IdleLinkTests
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Link_AfterItsWorkIsDone_CarriesNoByteForAMinute()
    {
        Assert.SkipUnless(SandboxSetup.Runtime is not null, "There is no Deno: run npm ci in the repository.");
        using TemporaryFolder home = new();
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using CountingProxy proxy = new(harbor.Host.Address);
        await using AgentHost agent = await AgentHost.StartAsync(
            new AgentOptions
            {
                HomeDirectory = home.Path,
                Harbor = proxy.Address,
                AccessKey = harbor.Host.AccessKey,
                SlotCount = 1,
                RuntimePath = SandboxSetup.Runtime,
                ExecutorPath = SandboxSetup.RealExecutor,
            },
            NullLoggerFactory.Instance,
            CancellationToken.None);
        JobRequest job = await harbor.MakeJobAsync(0, 1_000);
        await harbor.SubmitAsync(job);
        Assert.Equal(FakeAgent.Lines(0, 1_000), await harbor.TextAsync(job.Id));
        await WaitForQuietAsync(proxy);

        long before = proxy.ByteCount;
        Assert.True(before > 0, "Nothing went through the proxy at all.");
        Task next = proxy.NextByte;
        await Task.WhenAny(next, Task.Delay(Watched));

        Assert.Equal(0, proxy.ByteCount - before);
        Assert.False(next.IsCompleted);
        Assert.True(agent.IsConnected);
    }

    /// <summary>The last receipt, and connections beside the link that end, may still be on their way.</summary>
    private static async Task WaitForQuietAsync(CountingProxy proxy)
    {
        while (true)
        {
            Task next = proxy.NextByte;
            if (await Task.WhenAny(next, Task.Delay(Quiet)) != next)
            {
                return;
            }
        }
    }
}
