using System.Collections.Immutable;
using System.Net;
using System.Text;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Sdk;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

/// <summary>Jobs over real HTTP and a real link, with agents that compute by a simple rule.</summary>
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

        // The answer tells where the job stands by then; a fast agent may be done already.
        Assert.Contains(submitted.State, new[] { JobState.Submitted, JobState.Running, JobState.Accepted });
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

    [Theory]
    [InlineData(CombineKind.Concat, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n")]
    [InlineData(CombineKind.Sum, "45 10\n")]
    [InlineData(CombineKind.Min, "0 1\n")]
    [InlineData(CombineKind.Max, "9 1\n")]
    public async Task Job_EveryWayToCombine_GivesItsProduct(CombineKind combine, string product)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            // One index a commit, so that the second number of a sum counts them.
            OnGrant = async (self, grant) =>
            {
                for (long i = grant.Begin; i < grant.End; i++)
                {
                    await self.CommitAsync(grant, i, i + 1);
                }
            },
        });
        JobRequest job = await harbor.MakeJobAsync(0, 10, combine);
        await harbor.SubmitAsync(job);

        Assert.Equal(product, await harbor.TextAsync(job.Id));
        Assert.Equal(JobState.Accepted, (await harbor.WaitForEndAsync(job.Id)).State);

        // And once more from the database alone, when the loop has forgotten the job.
        Assert.Equal(product, await harbor.TextAsync(job.Id));
    }

    [Fact]
    public async Task Job_LargeResults_TravelAsBlobsAndStreamInOrder()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            OnGrant = (self, grant) => self.CommitAsync(grant, grant.End, Large(grant.Begin, grant.End)),
        });
        JobRequest job = await harbor.MakeJobAsync(0, 6, CombineKind.Concat);
        await harbor.SubmitAsync(job);

        Assert.Equal(Large(0, 6), await harbor.ResultsAsync(job.Id));

        static byte[] Large(long begin, long end) =>
            [.. Enumerable.Range((int)begin, (int)(end - begin)).SelectMany(i => Enumerable.Repeat((byte)i, 100_000))];
    }

    [Fact]
    public async Task Job_OverFiles_GrantsCarryTheInputs()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync();
        ImmutableArray<InputFile> files = [];
        for (int i = 0; i < 300; i++)
        {
            byte[] content = Encoding.ASCII.GetBytes($"content {i % 3}");
            files = files.Add(new InputFile($"{i}.txt", await harbor.PutAsync(content), content.Length));
        }

        JobRequest job = await harbor.MakeJobAsync(0, 1) with { Over = null, Files = files };
        await harbor.SubmitAsync(job);

        Assert.Equal(FakeAgent.Lines(0, 300), await harbor.TextAsync(job.Id));
        foreach (Grant grant in agent.Grants)
        {
            Assert.Equal(grant.End - grant.Begin, grant.Inputs.Count);
            Assert.Equal(
                files[(int)grant.Begin..(int)grant.End].Select(f => f.Name), grant.Inputs.Select(i => i.Name));
        }
    }

    [Fact]
    public async Task Job_ItsAgentVanishes_TheRemainderGoesToAnother()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 200);
        FakeAgent first = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 1,

            // The first lease whole, half of the second, nothing more.
            OnGrant = (self, grant) => self.Grants.Length switch
            {
                1 => self.CommitAsync(grant),
                2 => self.CommitAsync(grant, grant.Begin, grant.Begin + Math.Max(1, (grant.End - grant.Begin) / 2)),
                _ => Task.CompletedTask,
            },
        });
        await harbor.SubmitAsync(job);
        await first.WaitAsync(a => a.Grants.Length >= 3, "a third grant");
        long done = (await harbor.WaitAsync(job.Id, s => s.FragmentsDone == 2, "two commits")).IndicesDone;
        await first.DisposeAsync();

        await using FakeAgent second = await harbor.ConnectAsync(new FakeAgentOptions { Id = 2, Name = "second" });
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(FakeAgent.Lines(0, 200), await harbor.TextAsync(job.Id));
        Assert.Equal([200 - done, done], ended.Contributions.Select(c => c.Indices));
        Assert.All(second.Grants, grant => Assert.True(grant.Begin >= done));
        Assert.Equal(200 - done, second.Grants.Sum(g => g.End - g.Begin));
    }

    [Fact]
    public async Task Job_ReadWhileItGrows_GivesThePrefixAtOnce()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        TaskCompletionSource goOn = new();
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            OnGrant = async (self, grant) =>
            {
                if (grant.Begin > 0)
                {
                    await goOn.Task;
                }

                await self.CommitAsync(grant);
            },
        });
        JobRequest job = await harbor.MakeJobAsync(0, 50);
        await harbor.SubmitAsync(job);

        await using Stream results =
            await harbor.Client.GetStreamAsync(new Uri($"api/jobs/{job.Id}/results", UriKind.Relative));
        using StreamReader reader = new(results);
        Assert.Equal("0", await reader.ReadLineAsync());
        goOn.SetResult();
        Assert.Equal(FakeAgent.Lines(1, 50), await reader.ReadToEndAsync());
    }

    [Theory]
    [InlineData(CombineKind.Lines)]
    [InlineData(CombineKind.Sum)]
    public async Task Submit_FollowingTheProduct_AnswersWithItAsItGrows(CombineKind combine)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 50, combine);
        using PtorrentClient client = new(harbor.Host.Address, harbor.Host.AccessKey);
        (JobHandle handle, Stream results) = await client.SubmitAndReadAsync(job);
        Assert.Equal(job.Id, handle.Id);
        Assert.Equal(JobState.Submitted, (await handle.GetStatusAsync()).State);

        await using FakeAgent agent = await harbor.ConnectAsync();
        using StreamReader reader = new(results);
        string product = await reader.ReadToEndAsync();
        string begin = combine == CombineKind.Lines ? FakeAgent.Lines(0, 50) : "1225 ";
        Assert.StartsWith(begin, product, StringComparison.Ordinal);

        // The same again is the same job, and gives the same product.
        (_, Stream again) = await client.SubmitAndReadAsync(job);
        using StreamReader second = new(again);
        Assert.Equal(product, await second.ReadToEndAsync());
    }

    [Fact]
    public async Task Submit_FollowingWhatCannotBeFollowed_IsRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        using HttpResponseMessage answer = await harbor.Client.PostAsync(
            new Uri("api/jobs?follow=events", UriKind.Relative), new StringContent("{}"));
        Refusal refusal = await TestHarbor.RefusalOfAsync(answer, HttpStatusCode.UnprocessableEntity);
        Assert.Equal(("follow", "events"), (refusal.Field, refusal.Value));
    }

    [Fact]
    public async Task Submit_FollowingAJobThatFailed_SaysHowItEnded()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 50);
        using PtorrentClient client = new(harbor.Host.Address, harbor.Host.AccessKey);
        await (await client.SubmitAsync(job)).CancelAsync();
        JobEndedException error = await Assert.ThrowsAsync<JobEndedException>(() => client.SubmitAndReadAsync(job));
        Assert.Equal(JobState.Cancelled, error.Status.State);
    }

    [Fact]
    public async Task Job_ProgramFails_IsFailedWithTheReasonAndBreaksReadersOff()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            SlotCount = 2,
            OnGrant = (self, grant) => grant.Begin == 0
                ? self.CommitAsync(grant)
                : self.FailAsync(grant, new Ptorrent.Link.Frames.ProgramFailure
                {
                    Index = grant.Begin,
                    Trap = (int)TrapCode.ScriptError,
                    Message = "index.ts:1: it is wrong",
                    Fuel = 9,
                }),
        });
        JobRequest job = await harbor.MakeJobAsync(0, 50);
        await harbor.SubmitAsync(job);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(JobState.Failed, ended.State);
        Assert.Equal(TrapCode.ScriptError, ended.Failure!.Code);
        Assert.Equal("index.ts:1: it is wrong", ended.Failure.Message);
        Assert.NotEqual(0, ended.Failure.Index);
        using HttpResponseMessage results =
            await harbor.Client.GetAsync(new Uri($"api/jobs/{job.Id}/results", UriKind.Relative));
        Refusal refusal = await TestHarbor.RefusalOfAsync(results, HttpStatusCode.Conflict);
        Assert.Equal(RefusalCode.WrongState, refusal.Code);
    }

    [Fact]
    public async Task Job_CancelledWhileItIsRead_TellsTheAgentAndBreaksTheReaderOff()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            OnGrant = (self, grant) => grant.Begin == 0 ? self.CommitAsync(grant) : Task.CompletedTask,
        });
        JobRequest job = await harbor.MakeJobAsync(0, 50);
        await harbor.SubmitAsync(job);
        await using Stream results =
            await harbor.Client.GetStreamAsync(new Uri($"api/jobs/{job.Id}/results", UriKind.Relative));
        using StreamReader reader = new(results);
        Assert.Equal("0", await reader.ReadLineAsync());
        await agent.WaitAsync(a => a.Grants.Length >= 2, "a second grant");

        using HttpResponseMessage cancelled = await harbor.DeleteAsync(job.Id);
        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
        await Assert.ThrowsAnyAsync<IOException>(() => reader.ReadToEndAsync());
        await agent.WaitAsync(a => a.Cancelled.Contains(a.Grants[1].Lease), "the cancellation of the second lease");
        Assert.Equal(JobState.Cancelled, (await harbor.StatusAsync(job.Id)).State);

        using HttpResponseMessage again = await harbor.DeleteAsync(job.Id);
        Assert.Equal(
            RefusalCode.WrongState, (await TestHarbor.RefusalOfAsync(again, HttpStatusCode.Conflict)).Code);
    }

    [Fact]
    public async Task Job_RefusedByAnAgent_GoesToAnotherAndSaysWhyItWaits()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 20);
        await harbor.SubmitAsync(job);
        Assert.Equal("No agent is connected.", (await harbor.StatusAsync(job.Id)).Waiting);

        await using FakeAgent poor = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 1,
            Name = "poor",
            OnGrant = (self, grant) => self.NackAsync(grant, NackReason.NackNoRoom, "needs 512 MiB, has 256"),
        });
        JobStatus waiting = await harbor.WaitAsync(
            job.Id, s => s.Waiting?.StartsWith("Every", StringComparison.Ordinal) == true, "the refusal");
        Assert.Contains("poor", waiting.Waiting, StringComparison.Ordinal);
        Assert.Contains("needs 512 MiB, has 256", waiting.Waiting, StringComparison.Ordinal);

        await using FakeAgent rich = await harbor.ConnectAsync(new FakeAgentOptions { Id = 2 });
        Assert.Equal(JobState.Accepted, (await harbor.WaitForEndAsync(job.Id)).State);
        Assert.InRange(poor.Grants.Length, 1, 2);
    }

    [Fact]
    public async Task Agent_ConnectedTwice_TheNewerLinkStays()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent older = await harbor.ConnectAsync();
        await using FakeAgent newer = await harbor.ConnectAsync();
        await older.WaitAsync(a => a.EndReason is not null, "the end of the older link");

        JobRequest job = await harbor.MakeJobAsync(0, 20);
        await harbor.SubmitAsync(job);
        Assert.Equal(FakeAgent.Lines(0, 20), await harbor.TextAsync(job.Id));
        Assert.Empty(older.Grants);
        Assert.Single((await harbor.NetworkAsync()).Agents);
        Assert.Contains("another link", older.EndReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_TheSameAgain_IsTheSameJobWhateverBecameOfIt()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 20);
        await harbor.SubmitAsync(job);
        await ExpectAsync(job, HttpStatusCode.OK);
        await ExpectAsync(job with { Name = "other" }, HttpStatusCode.Conflict);

        await using (FakeAgent agent = await harbor.ConnectAsync())
        {
            await harbor.WaitForEndAsync(job.Id);
        }

        await ExpectAsync(job, HttpStatusCode.OK);
        await harbor.RestartAsync();
        await ExpectAsync(job, HttpStatusCode.OK);
        await ExpectAsync(job with { Name = "other" }, HttpStatusCode.Conflict);
        Assert.Single(await harbor.ListAsync());

        async Task ExpectAsync(JobRequest request, HttpStatusCode status)
        {
            using HttpResponseMessage answer = await harbor.PostAsync(request);
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Fact]
    public async Task List_SeveralJobs_IsNewestFirst()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest ended = await harbor.MakeJobAsync(0, 5);
        JobRequest open = await harbor.MakeJobAsync(0, 5);
        await harbor.SubmitAsync(ended);
        using (HttpResponseMessage cancelled = await harbor.DeleteAsync(ended.Id))
        {
            Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
        }

        await harbor.SubmitAsync(open);
        ImmutableArray<JobStatus> list = await harbor.ListAsync();

        Assert.Equal([open.Id, ended.Id], list.Select(j => j.Id));
        Assert.Equal([JobState.Submitted, JobState.Cancelled], list.Select(j => j.State));
        Assert.Equal(1, (await harbor.NetworkAsync()).OpenJobCount);
    }
}
