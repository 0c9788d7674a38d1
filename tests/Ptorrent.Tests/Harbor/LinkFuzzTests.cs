using System.Diagnostics;
using System.Text.RegularExpressions;
using Ptorrent.Link;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Randomness;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

// Goal: whatever a peer sends ends at most its own link, with a code, and nobody else notices.
// Method: hostile peers one after another for two seconds, each on a line in memory into the real endpoint, the real
// session and the real loop, beside an honest agent on a real WebSocket. The seed is in the failure's message.
public sealed partial class LinkFuzzTests
{
    private static readonly TimeSpan Box = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task HostilePeers_WithoutWork_LeaveTheHonestAgentsJobAlone(long seed)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FakeAgent honest = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 7,
            OnGrant = async (self, grant) =>
            {
                if (grant.Begin > 100)
                {
                    await goOn.Task;
                }

                await self.CommitAsync(grant);
            },
        });
        JobRequest job = await harbor.MakeJobAsync(0, 2_000);
        await harbor.SubmitAsync(job);

        await AttackAsync(harbor, seed, takesWork: false);

        goOn.SetResult();
        Assert.Equal(FakeAgent.Lines(0, 2_000), await harbor.TextAsync(job.Id));
        Assert.Null(honest.EndReason);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);
        Assert.Equal("fake", Assert.Single(ended.Contributions).Name);
    }

    [Theory]
    [InlineData(3)]
    public async Task HostilePeers_WithWork_LeaveTheHarborWell(long seed)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest lines = await harbor.MakeJobAsync(0, 1_000_000_000);
        JobRequest sum = await harbor.MakeJobAsync(0, 1_000_000_000, CombineKind.Sum);
        await harbor.SubmitAsync(lines);
        await harbor.SubmitAsync(sum);

        await AttackAsync(harbor, seed, takesWork: true);

        (await harbor.DeleteAsync(lines.Id)).Dispose();
        (await harbor.DeleteAsync(sum.Id)).Dispose();
        await using FakeAgent honest = await harbor.ConnectAsync(new FakeAgentOptions { Id = 7 });
        JobRequest job = await harbor.MakeJobAsync(0, 500);
        await harbor.SubmitAsync(job);
        Assert.Equal(FakeAgent.Lines(0, 500), await harbor.TextAsync(job.Id));
        Assert.Null(honest.EndReason);
    }

    /// <summary>Hostile peers for a time; the harbor must end some of their links, each with a code.</summary>
    private static async Task AttackAsync(TestHarbor harbor, long seed, bool takesWork)
    {
        Prng prng = new((ulong)seed);
        Stopwatch watch = Stopwatch.StartNew();
        HashSet<string> codes = [];
        int peers = 0;
        while (watch.Elapsed < Box)
        {
            peers++;
            HostilePeer peer = new(harbor.Host.Links, prng, (ulong)(1_000 + peers), takesWork);
            string? reason = await peer.LiveAsync(CancellationToken.None).WaitAsync(TestHarbor.Patience);
            Assert.NotNull(reason);
            Match code = Code().Match(reason);
            Assert.True(code.Success || reason is "enough" or "The line broke.", $"seed {seed}: {reason}");
            if (code.Success)
            {
                codes.Add(code.Groups[1].Value);
            }

            Assert.False(harbor.Host.Completion.IsCompleted, $"seed {seed}: {harbor.Log.Text}");
        }

        Assert.True(codes.Count >= 3, $"seed {seed}: {peers} peers met only {string.Join(' ', codes)}");
        Assert.All(codes, c => Assert.True(Enum.IsDefined((LinkFault)int.Parse(c, null)), c));
    }

    [GeneratedRegex("^L([0-9]{2}) ")]
    private static partial Regex Code();
}
