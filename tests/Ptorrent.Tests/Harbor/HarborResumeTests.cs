using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

/// <summary>Agents that come back over real links with what they hold.</summary>
public sealed class HarborResumeTests
{
    // Goal: what an agent computed while the harbor was away is not computed again, although another agent comes first.
    [Fact]
    public async Task Restart_WithALeaseInHand_ItGoesOnAsANewLease()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 500);
        await using FakeAgent before = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 1,
            Name = "faithful",
            SlotCount = 4,

            // One commit tells that the job was under way; the rest stays in hand.
            OnGrant = (self, grant) => grant.Begin == 0 ? self.CommitAsync(grant) : Task.CompletedTask,
        });
        await harbor.SubmitAsync(job);
        await harbor.WaitAsync(job.Id, s => s.IndicesDone > 0, "a commit");
        await before.WaitAsync(a => a.Grants.Length > 4, "leases");
        Holding[] holdings = [.. before.Grants.Where(g => g.Begin > 0).OrderBy(g => g.Lease).Select(Hold)];

        await harbor.RestartAsync();
        await using FakeAgent other = await harbor.ConnectAsync(new FakeAgentOptions { Id = 2, Name = "other" });
        await using FakeAgent after = await harbor.ConnectAsync(
            new FakeAgentOptions { Id = 1, Name = "faithful", SlotCount = 4, Holdings = holdings });
        await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(FakeAgent.Lines(0, 500), await harbor.TextAsync(job.Id));
        Grant[] resumed = [.. after.Grants.Where(g => g.Resumes != 0).OrderBy(g => g.Resumes)];
        Assert.Equal(
            holdings.Select(h => (h.Lease, h.Begin, h.End)), resumed.Select(g => (g.Resumes, g.Begin, g.End)));
        Assert.All(resumed, g => Assert.Equal(before.Grants[0].Epoch + 1, g.Epoch));
        Assert.DoesNotContain(
            other.Grants, g => holdings.Any(h => g.Begin < h.End && h.Begin < g.End));
    }

    [Fact]
    public async Task Holding_OfAnUnknownJob_IsCancelled()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Holdings = [new Holding { Lease = 4, Epoch = 1, Job = 99, Begin = 0, End = 10 }],
        });

        await agent.WaitAsync(a => a.Cancelled.Contains(4), "the cancellation");
        Assert.Null(agent.EndReason);
    }

    private static Holding Hold(Grant grant) => new()
    {
        Lease = grant.Lease,
        Epoch = grant.Epoch,
        Job = grant.Job,
        Begin = grant.Begin,
        End = grant.End,
    };
}
