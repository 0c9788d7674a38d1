using Dapper;
using Microsoft.Data.Sqlite;
using Ptorrent.Model.Jobs;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

// Goal: a disk that changes what a harbor stored costs a job at most, never its right bytes and never the harbor.
public sealed class HarborDamageTests
{
    [Fact]
    public async Task Product_ChangedOnDisk_IsNotGivenOut()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 50);
        await using (FakeAgent agent = await harbor.ConnectAsync())
        {
            await harbor.SubmitAsync(job);
            await harbor.WaitForEndAsync(job.Id);
        }

        // What is in memory is sound; after a start there is the disk alone.
        await harbor.RestartAsync();
        Assert.Equal(FakeAgent.Lines(0, 50), await harbor.TextAsync(job.Id));
        Damage(harbor);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => harbor.TextAsync(job.Id));
        Assert.Equal(JobState.Accepted, (await harbor.StatusAsync(job.Id)).State);
    }

    [Fact]
    public async Task Merge_APartChangedOnDisk_FailsTheJob_NotTheHarbor()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 40, CombineKind.Merge);
        bool isDamaged = false;
        await harbor.SubmitAsync(job);
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            OnGrant = (self, grant) =>
            {
                if (grant.End == 40 && !isDamaged)
                {
                    // All but the last indices are durable when the last lease is answered.
                    isDamaged = true;
                    return DamageAndCommitAsync(harbor, job, self, grant);
                }

                return self.CommitAsync(grant);
            },
        });
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(JobState.Failed, ended.State);
        Assert.Contains("damaged", ended.Failure!.Message, StringComparison.Ordinal);
        JobRequest next = await harbor.MakeJobAsync(0, 40, CombineKind.Sum);
        await harbor.SubmitAsync(next);
        Assert.Equal(JobState.Accepted, (await harbor.WaitForEndAsync(next.Id)).State);
    }

    private static async Task DamageAndCommitAsync(
        TestHarbor harbor,
        JobRequest job,
        FakeAgent agent,
        Ptorrent.Link.Frames.Grant grant)
    {
        await harbor.WaitAsync(job.Id, s => s.IndicesDone >= grant.Begin, "what comes before");
        Damage(harbor);
        await agent.CommitAsync(grant);
    }

    /// <summary>Takes the bits out of the first segment.</summary>
    private static void Damage(TestHarbor harbor)
    {
        using SqliteConnection connection =
            new($"Data Source={Path.Combine(harbor.Home, "harbor.db")};Pooling=False");
        connection.Open();
        int changed = connection.Execute(
            "UPDATE segments SET content = zeroblob(length(content)) WHERE begin = 0");
        Assert.InRange(changed, 1, 100);
    }
}
