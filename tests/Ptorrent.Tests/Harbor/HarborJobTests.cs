using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

public sealed class HarborJobTests
{
    [Fact]
    public async Task Job_OneAgent_GivesTheProductAndSaysWhoDidIt()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync();
        JobRequest job = await harbor.MakeJobAsync(5, 1005);

        JobStatus submitted = await harbor.SubmitAsync(job);
        string product = await harbor.TextAsync(job.Id);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Contains(submitted.State, new[] { JobState.Submitted, JobState.Running });
        Assert.Equal(FakeAgent.Lines(5, 1005), product);
        Assert.Equal(JobState.Accepted, ended.State);
        Assert.Equal(1000, ended.IndicesDone);
        Assert.NotNull(ended.EndedAt);
        Contribution contribution = Assert.Single(ended.Contributions);
        Assert.Equal(new AgentId(7), contribution.Agent);
        Assert.Equal("fake", contribution.Name);
        Assert.Equal(1000, contribution.Indices);
        Assert.Equal(ended.Burnt, contribution.Burnt);
        Assert.Equal(ended.FragmentsDone, agent.Grants.Length);
        Assert.NotNull(agent.Grants[0].Description);
        Assert.All(agent.Grants.Skip(1), grant => Assert.Null(grant.Description));
    }
}
