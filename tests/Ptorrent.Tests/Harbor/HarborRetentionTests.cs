using System.Net;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

/// <summary>What a harbor forgets so that its home does not grow for ever.</summary>
public sealed class HarborRetentionTests
{
    [Fact]
    public async Task Pass_ForgetsTheOldestEndedJobs()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync(o => o with { EndedJobCountMax = 2 });
        JobRequest cancelled = await harbor.MakeJobAsync(0, 10);
        await harbor.SubmitAsync(cancelled);
        (await harbor.DeleteAsync(cancelled.Id)).Dispose();
        await using FakeAgent agent = await harbor.ConnectAsync();
        List<JobId> ended = [cancelled.Id];
        for (int i = 0; i < 3; i++)
        {
            ended.Add(await RunAsync(harbor));
        }

        await harbor.Host.Keeper.PassAsync();

        // What is stored after it is durable after it.
        JobId last = await RunAsync(harbor);
        Assert.Equal([.. ended[^2..], last], (await harbor.ListAsync()).Select(j => j.Id).OrderBy(j => j.Value));
        using HttpResponseMessage gone =
            await harbor.Client.GetAsync(new Uri($"api/jobs/{ended[0]}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Equal(FakeAgent.Lines(0, 10), await harbor.TextAsync(ended[^1]));
    }

    [Fact]
    public async Task Pass_RemovesBlobsThatNobodyNamesOrUses()
    {
        await using TestHarbor harbor =
            await TestHarbor.StartAsync(o => o with { UnnamedBlobTime = TimeSpan.FromHours(1) });
        JobRequest job = await harbor.MakeJobAsync(0, 10);
        await harbor.SubmitAsync(job);
        Digest old = await harbor.PutAsync("old"u8.ToArray());
        Digest young = await harbor.PutAsync("young"u8.ToArray());
        Digest asked = await harbor.PutAsync("asked"u8.ToArray());
        foreach (Digest digest in new[] { old, asked, job.Program.Digest })
        {
            File.SetLastWriteTimeUtc(PathOf(harbor, digest), DateTime.UnixEpoch);
            File.SetLastAccessTimeUtc(PathOf(harbor, digest), DateTime.UnixEpoch);
        }

        // Whoever uploads it again may be about to name it.
        await harbor.PutAsync("asked"u8.ToArray());
        await harbor.Host.Keeper.PassAsync();

        Assert.False(File.Exists(PathOf(harbor, old)));
        Assert.True(File.Exists(PathOf(harbor, young)));
        Assert.True(File.Exists(PathOf(harbor, asked)));
        Assert.True(File.Exists(PathOf(harbor, job.Program.Digest)));
    }

    private static async Task<JobId> RunAsync(TestHarbor harbor)
    {
        JobRequest job = await harbor.MakeJobAsync(0, 10);
        await harbor.SubmitAsync(job);
        await harbor.WaitForEndAsync(job.Id);
        return job.Id;
    }

    private static string PathOf(TestHarbor harbor, Digest digest)
    {
        string name = digest.ToString();
        return Path.Combine(harbor.Home, "blobs", name[..2], name[2..]);
    }
}
