using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

/// <summary>What a harbor knows after a stop: everything that it had told anybody.</summary>
public sealed class HarborRestartTests
{
    [Fact]
    public async Task Restart_InTheMiddleOfAJob_GoesOnFromWhatWasCommitted()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 500);
        await using FakeAgent before = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 1,
            Name = "before",
            SlotCount = 4,

            // Every third lease stays undone, so what is left has gaps.
            OnGrant = (self, grant) => self.Grants.Length % 3 == 0 ? Task.CompletedTask : self.CommitAsync(grant),
        });
        await harbor.SubmitAsync(job);
        JobStatus then = await harbor.WaitAsync(job.Id, s => s.FragmentsDone >= 3, "three commits");
        int epoch = before.Grants[0].Epoch;

        await harbor.RestartAsync();
        JobStatus restored = await harbor.StatusAsync(job.Id);
        Assert.True(restored.IndicesDone >= then.IndicesDone, "what was told is there");
        Assert.Equal("before", Assert.Single(restored.Contributions).Name);

        await using FakeAgent after = await harbor.ConnectAsync(new FakeAgentOptions { Id = 2, Name = "after" });
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(FakeAgent.Lines(0, 500), await harbor.TextAsync(job.Id));
        Assert.Equal(500 - restored.IndicesDone, after.Grants.Sum(g => g.End - g.Begin));
        Assert.All(after.Grants, grant => Assert.Equal(epoch + 1, grant.Epoch));
        Assert.Equal(["after", "before"], ended.Contributions.Select(c => c.Name).Order(StringComparer.Ordinal));
        Assert.Equal(500, ended.Contributions.Sum(c => c.Indices));
    }

    [Fact]
    public async Task Restart_AfterTheEnd_TellsAndGivesTheSame()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 50);
        await using (FakeAgent agent = await harbor.ConnectAsync())
        {
            await harbor.SubmitAsync(job);
            await harbor.WaitForEndAsync(job.Id);
        }

        JobStatus before = await harbor.StatusAsync(job.Id);
        string key = harbor.Host.AccessKey;
        await harbor.RestartAsync();
        JobStatus after = await harbor.StatusAsync(job.Id);

        Assert.Equal(FakeAgent.Lines(0, 50), await harbor.TextAsync(job.Id));
        Assert.Equal(before.EndedAt, after.EndedAt);
        Assert.Equal(before.Contributions.AsEnumerable(), after.Contributions);
        Assert.Equal(
            before with { Contributions = [] },
            after with { Contributions = [], Deliveries = before.Deliveries });
        Assert.Equal(key, harbor.Host.AccessKey);
    }

    [Fact]
    public async Task Merge_ManySegments_RunsInRoundsOfGroups()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 80, CombineKind.Merge);
        await using FakeAgent agent =
            await harbor.ConnectAsync(new FakeAgentOptions { SlotCount = 3, OnGrant = OneByOneAsync });
        await harbor.SubmitAsync(job);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(FakeAgent.Lines(0, 80), await harbor.TextAsync(job.Id));
        Grant[] merges = [.. agent.Grants.Where(g => g.Parts.Count > 0)];

        // 80 parts in 10 groups of 8, those in two groups, those in one.
        Assert.Equal(13, merges.Length);
        Assert.All(merges, merge => Assert.InRange(merge.Parts.Count, 2, 8));
        Assert.Equal(80, ended.IndicesDone);
        Assert.Equal(93, ended.FragmentsDone);
        Assert.Equal(80, Assert.Single(ended.Contributions).Indices);
    }

    [Fact]
    public async Task Restart_BetweenRoundsOfMerging_GoesOnWithTheSameGroups()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 80, CombineKind.Merge);
        int merges = 0;
        await using FakeAgent before = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 1,
            OnGrant = (self, grant) =>
                grant.Parts.Count > 0 && ++merges > 4 ? Task.CompletedTask : OneByOneAsync(self, grant),
        });
        await harbor.SubmitAsync(job);
        await harbor.WaitAsync(job.Id, s => s.FragmentsDone == 84, "four merges");
        await harbor.RestartAsync();

        await using FakeAgent after = await harbor.ConnectAsync(new FakeAgentOptions { Id = 2 });
        await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(FakeAgent.Lines(0, 80), await harbor.TextAsync(job.Id));
        Assert.All(after.Grants, grant => Assert.NotEmpty(grant.Parts));
        Assert.Equal(9, after.Grants.Length);
    }

    [Fact]
    public async Task Merge_OnePiece_NeedsNoMerging()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 1, CombineKind.Merge);
        await using FakeAgent agent = await harbor.ConnectAsync();
        await harbor.SubmitAsync(job);
        await harbor.WaitForEndAsync(job.Id);

        Assert.Equal("0\n", await harbor.TextAsync(job.Id));
        Assert.Single(agent.Grants);
    }

    /// <summary>One commit for each index, or for a merge.</summary>
    private static async Task OneByOneAsync(FakeAgent agent, Grant grant)
    {
        if (grant.Parts.Count > 0)
        {
            await agent.CommitAsync(grant);
            return;
        }

        for (long i = grant.Begin; i < grant.End; i++)
        {
            await agent.CommitAsync(grant, i, i + 1);
        }
    }
}
