using System.Text;
using Google.Protobuf;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

/// <summary>Agents that break rules: nothing of it counts, and the job goes on with others.</summary>
public sealed class HarborHostileAgentTests
{
    private static readonly Digest Absent = new([.. Enumerable.Repeat((byte)9, Digest.ByteCount)]);

    public static TheoryData<CombineKind, string> NoSegments => new()
    {
        { CombineKind.Lines, "no line feed at the end" },
        { CombineKind.Files, "no entries" },
        { CombineKind.Sum, "one two" },
        { CombineKind.Sum, "1  2" },
        { CombineKind.Max, "1e3" },
        { CombineKind.Min, "007" },
    };

    [Theory]
    [MemberData(nameof(NoSegments))]
    public async Task Commit_NoSegmentOfItsKind_DoesNotCountAndAnotherAgentDoesTheJob(
        CombineKind combine,
        string content)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 40, combine);
        await using FakeAgent bad = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 1,
            Name = "bad",
            OnGrant = (self, grant) => self.CommitAsync(grant, grant.End, Encoding.UTF8.GetBytes(content)),
        });
        await harbor.SubmitAsync(job);
        await bad.WaitAsync(a => a.EndReason is not null, "the end of the link");
        Assert.StartsWith("L18 ", bad.EndReason, StringComparison.Ordinal);
        Assert.Contains("sent what does not count", harbor.Log.Text, StringComparison.Ordinal);
        Assert.Equal(0, (await harbor.StatusAsync(job.Id)).IndicesDone);

        // It comes again and gets nothing of this job.
        await using FakeAgent again = await harbor.ConnectAsync(new FakeAgentOptions { Id = 1, Name = "bad" });
        await using FakeAgent good = await harbor.ConnectAsync(new FakeAgentOptions { Id = 2, Name = "good" });
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);
        Assert.Equal(JobState.Accepted, ended.State);
        Assert.Equal("good", Assert.Single(ended.Contributions).Name);
        Assert.Empty(again.Grants);
    }

    [Fact]
    public async Task Commit_OfABlobThatWasNotUploaded_DoesNotCount()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 10, CombineKind.Concat);
        await using FakeAgent bad = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 1,
            OnGrant = (self, grant) => self.SendRawAsync(new Frame
            {
                Commit = new Commit
                {
                    Lease = grant.Lease,
                    Epoch = grant.Epoch,
                    Upto = grant.End,
                    Blob = new Blob { Digest = Absent.ToByteString(), SizeBytes = 5 },
                },
            }),
        });
        await harbor.SubmitAsync(job);

        await bad.WaitAsync(a => a.EndReason is not null, "the end of the link");
        Assert.Equal("L18 Its blob was not uploaded.", bad.EndReason);
        Assert.Equal(0, (await harbor.StatusAsync(job.Id)).IndicesDone);
    }

    [Fact]
    public async Task Commit_SentTwice_CountsOnceAndEndsTheLink()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 100);
        await using FakeAgent bad = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 1,
            OnGrant = async (self, grant) =>
            {
                Frame commit = new()
                {
                    Commit = new Commit
                    {
                        Lease = grant.Lease,
                        Epoch = grant.Epoch,
                        Upto = grant.End,
                        Inline = ByteString.CopyFrom(Compute(self, grant)),
                    },
                };
                await self.SendRawAsync(commit);
                await self.SendRawAsync(commit);
            },
        });
        await harbor.SubmitAsync(job);
        await bad.WaitAsync(a => a.EndReason is not null, "the end of the link");
        Assert.StartsWith("L10 ", bad.EndReason, StringComparison.Ordinal);

        await using FakeAgent good = await harbor.ConnectAsync(new FakeAgentOptions { Id = 2 });
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);
        Assert.Equal(FakeAgent.Lines(0, 100), await harbor.TextAsync(job.Id));
        Assert.Equal(100, ended.IndicesDone);
    }

    [Theory]
    [InlineData(0, 1, 0, "L12 ")]
    [InlineData(0, 0, 1_000_000, "L11 ")]
    [InlineData(1000, 0, 0, "L10 ")]
    public async Task Commit_OfAnotherLeaseOrEpochOrBeyondTheEnd_EndsTheLink(
        long leases,
        int epochs,
        long beyond,
        string code)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 100);
        await using FakeAgent bad = await harbor.ConnectAsync(new FakeAgentOptions
        {
            Id = 1,
            OnGrant = (self, grant) => self.SendRawAsync(new Frame
            {
                Commit = new Commit
                {
                    Lease = grant.Lease + leases,
                    Epoch = grant.Epoch + epochs,
                    Upto = grant.End + beyond,
                    Inline = ByteString.CopyFromUtf8("x\n"),
                },
            }),
        });
        await harbor.SubmitAsync(job);
        await bad.WaitAsync(a => a.EndReason is not null, "the end of the link");
        Assert.StartsWith(code, bad.EndReason, StringComparison.Ordinal);

        await using FakeAgent good = await harbor.ConnectAsync(new FakeAgentOptions { Id = 2 });
        Assert.Equal(FakeAgent.Lines(0, 100), await harbor.TextAsync(job.Id));
    }

    [Fact]
    public async Task Commit_NumbersOfAnotherCount_FailsTheJob()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 100, CombineKind.Sum);
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            OnGrant = (self, grant) =>
                self.CommitAsync(grant, grant.End, Encoding.ASCII.GetBytes(grant.Begin == 0 ? "1 2" : "1 2 3")),
        });
        await harbor.SubmitAsync(job);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(JobState.Failed, ended.State);
        Assert.Equal(TrapCode.BadOutput, ended.Failure!.Code);
        Assert.Contains("3 numbers where other outputs have 2", ended.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commit_OfImpossibleFuel_DoesNotStopTheHarbor()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 5);
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            OnGrant = (self, grant) => self.SendRawAsync(new Frame
            {
                Commit = new Commit
                {
                    Lease = grant.Lease,
                    Epoch = grant.Epoch,
                    Upto = grant.End,
                    Fuel = long.MaxValue,
                    BusyMicroseconds = long.MaxValue,
                    Inline = ByteString.CopyFrom(Compute(self, grant)),
                },
            }),
        });
        await harbor.SubmitAsync(job);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(JobState.Accepted, ended.State);
        Assert.Equal(long.MaxValue, ended.Burnt.Units);
        Assert.False(harbor.Host.Completion.IsCompleted);
    }

    private static byte[] Compute(FakeAgent agent, Grant grant) =>
        FakeAgent.Compute(agent.DescriptionOf(grant), grant.Begin, grant.End);
}
