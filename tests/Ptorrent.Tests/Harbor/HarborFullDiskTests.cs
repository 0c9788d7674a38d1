using System.Net;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

public sealed class HarborFullDiskTests
{
    [Fact]
    public async Task DatabaseFull_RefusesAndSaysSoAndKeepsWhatItHas()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync(o => o with { DatabaseBytesMax = 600_000 });
        JobRequest small = await harbor.MakeJobAsync(0, 20);
        TaskCompletionSource flood = new();
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            OnGrant = async (self, grant) =>
            {
                bool isLarge = (CombineKind)self.DescriptionOf(grant).Combine == CombineKind.Concat;
                for (long upto = grant.Begin + 1; isLarge && upto <= grant.End; upto++)
                {
                    // The first index alone, so that it is stored before there are more than fit.
                    await (upto == 1 ? Task.CompletedTask : flood.Task);
                    await self.CommitAsync(grant, upto, new byte[60_000]);
                }

                if (!isLarge)
                {
                    await self.CommitAsync(grant);
                }
            },
        });
        await harbor.SubmitAsync(small);
        await harbor.WaitForEndAsync(small.Id);

        JobRequest large = await harbor.MakeJobAsync(0, 100, CombineKind.Concat);
        await harbor.SubmitAsync(large);
        await harbor.WaitAsync(large.Id, s => s.IndicesDone == 1, "the first index");
        flood.SetResult();
        JobStatus stuck = await harbor.WaitAsync(
            large.Id,
            s => s.Waiting?.StartsWith("The harbor cannot store", StringComparison.Ordinal) == true,
            "the full disk");
        Assert.True(stuck.IndicesDone > 0, "some of it is stored");

        Refusal refusal = await harbor.SubmitRefusedAsync(
            await harbor.MakeJobAsync(0, 5), HttpStatusCode.InsufficientStorage);
        Assert.Equal(RefusalCode.NoSpace, refusal.Code);
        Assert.Equal(FakeAgent.Lines(0, 20), await harbor.TextAsync(small.Id));
        Assert.Equal(2, (await harbor.ListAsync()).Length);
        Assert.False(harbor.Host.Completion.IsCompleted);

        // What was told is there after a restart, too.
        await harbor.RestartAsync();
        Assert.Equal(stuck.IndicesDone, (await harbor.StatusAsync(large.Id)).IndicesDone);
    }
}
