using System.Net;
using System.Text;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Segments;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor;

/// <summary>Acceptors: folders and webhooks.</summary>
public sealed class HarborDeliveryTests
{
    [Fact]
    public async Task Folder_OfAProduct_HoldsItInOneFile()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync();
        JobRequest job = await MakeAsync(harbor, 100, CombineKind.Lines, new AcceptorRequest { Folder = "mine" });
        await harbor.SubmitAsync(job);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(new DeliveryStatus("mine", DeliveryState.Accepted, string.Empty), Assert.Single(ended.Deliveries));
        string folder = Path.Combine(harbor.Home, "deliveries", "mine");
        Assert.Equal(["product"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));
        Assert.Equal(FakeAgent.Lines(0, 100), await File.ReadAllTextAsync(Path.Combine(folder, "product")));
        Assert.Equal(["mine"], Directory.GetFileSystemEntries(Path.GetDirectoryName(folder)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Folder_OfFiles_HoldsThemByTheirPaths()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            OnGrant = (self, grant) => self.CommitAsync(
                grant,
                grant.End,
                [
                    .. Enumerable.Range((int)grant.Begin, (int)(grant.End - grant.Begin))
                        .SelectMany(i => Entry($"a/{i % 2}/{i}.txt", $"file {i}")),
                ]),
        });
        JobRequest job = await MakeAsync(harbor, 30, CombineKind.Files, new AcceptorRequest { Folder = "files" });
        await harbor.SubmitAsync(job);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(DeliveryState.Accepted, Assert.Single(ended.Deliveries).State);
        string folder = Path.Combine(harbor.Home, "deliveries", "files");
        Assert.Equal(30, Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Length);
        for (int i = 0; i < 30; i++)
        {
            Assert.Equal(
                $"file {i}", await File.ReadAllTextAsync(Path.Combine(folder, "a", $"{i % 2}", $"{i}.txt")));
        }
    }

    [Fact]
    public async Task Folder_TwoResultsOfOnePath_AreRefusedAndLeaveNothing()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        await using FakeAgent agent = await harbor.ConnectAsync(new FakeAgentOptions
        {
            OnGrant = (self, grant) => self.CommitAsync(
                grant,
                grant.End,
                [.. Enumerable.Range(0, (int)(grant.End - grant.Begin)).SelectMany(_ => Entry("same", "x"))]),
        });
        JobRequest job = await MakeAsync(harbor, 5, CombineKind.Files, new AcceptorRequest { Folder = "files" });
        await harbor.SubmitAsync(job);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(JobState.Accepted, ended.State);
        DeliveryStatus delivery = Assert.Single(ended.Deliveries);
        Assert.Equal(DeliveryState.Refused, delivery.State);
        Assert.Contains("'same'", delivery.Detail, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(harbor.Home, "deliveries")));
    }

    [Fact]
    public async Task Folder_NameThatIsTaken_IsRefusedAtSubmit()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest first = await MakeAsync(harbor, 5, CombineKind.Lines, new AcceptorRequest { Folder = "mine" });
        await harbor.SubmitAsync(first);
        JobRequest second = await MakeAsync(harbor, 5, CombineKind.Lines, new AcceptorRequest { Folder = "mine" });
        Refusal kept = await harbor.SubmitRefusedAsync(second, HttpStatusCode.Conflict);
        Assert.Equal((RefusalCode.AlreadyExists, "folder", "mine"), (kept.Code, kept.Field, kept.Value));

        await using FakeAgent agent = await harbor.ConnectAsync();
        await harbor.WaitForEndAsync(first.Id);
        Refusal there = await harbor.SubmitRefusedAsync(second, HttpStatusCode.Conflict);
        Assert.Equal(RefusalCode.AlreadyExists, there.Code);
    }

    [Fact]
    public async Task Webhook_AnswersBadlyAtFirst_IsTriedAgainWithLongerWaits()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(500, 503, 302);
        FastTime time = new();
        await using TestHarbor harbor = await TestHarbor.StartAsync(
            o => o with { WebhookHosts = [receiver.Address.Host], Time = time });
        await using FakeAgent agent = await harbor.ConnectAsync();
        JobRequest job =
            await MakeAsync(harbor, 100, CombineKind.Sum, new AcceptorRequest { Webhook = receiver.Address });
        await harbor.SubmitAsync(job);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(DeliveryState.Accepted, Assert.Single(ended.Deliveries).State);
        Assert.Equal(4, receiver.All.Count);
        Assert.All(receiver.All, received =>
        {
            Assert.Equal("POST", received.Method);
            Assert.Equal("/hook?of=mine", received.Path);
            Assert.Equal(job.Id.ToString(), received.Job);
            Assert.Equal("Assembled", received.State);
            Assert.StartsWith("4950 ", Encoding.ASCII.GetString(received.Body), StringComparison.Ordinal);
        });
        TimeSpan[] waits = [TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(16)];
        Assert.Equal(waits, time.Waits.Where(waits.Contains));
    }

    [Fact]
    public async Task Webhook_NeverAnswersWell_IsGivenUpWithTheReason()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(500, 500, 500, 500, 500);
        await using TestHarbor harbor = await TestHarbor.StartAsync(
            o => o with { AnyWebhookHost = true, Time = new FastTime() });
        await using FakeAgent agent = await harbor.ConnectAsync();
        JobRequest job = await MakeAsync(
            harbor, 10, CombineKind.Lines, new AcceptorRequest { Webhook = receiver.Address },
            new AcceptorRequest { Folder = "also" });
        await harbor.SubmitAsync(job);
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.Equal(JobState.Accepted, ended.State);
        Assert.Equal([DeliveryState.Refused, DeliveryState.Accepted], ended.Deliveries.Select(d => d.State));
        Assert.Equal("it answered 500, after 5 attempts", ended.Deliveries[0].Detail);
        Assert.Equal(5, receiver.All.Count);
        Assert.Equal(ended.Deliveries.AsEnumerable(), (await harbor.StatusAsync(job.Id)).Deliveries);
    }

    [Fact]
    public async Task Webhook_HostThatWasNotAllowed_IsRefusedAndSaysWhatTheOperatorMustDo()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync(o => o with { WebhookHosts = ["example.org"] });
        JobRequest job = await MakeAsync(
            harbor, 10, CombineKind.Lines, new AcceptorRequest { Webhook = new Uri("http://127.0.0.1:9/x") });

        Refusal refusal = await harbor.SubmitRefusedAsync(job, HttpStatusCode.Forbidden);
        Assert.Equal((RefusalCode.Forbidden, "webhook"), (refusal.Code, refusal.Field));
        Assert.Contains("--webhook-host 127.0.0.1", refusal.Remedy, StringComparison.Ordinal);
        Assert.Empty(await harbor.ListAsync());
    }

    [Fact]
    public async Task Restart_WithADeliveryPending_DeliversThen()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(500);
        await using TestHarbor harbor = await TestHarbor.StartAsync(o => o with { AnyWebhookHost = true });
        await using FakeAgent agent = await harbor.ConnectAsync();
        JobRequest job = await MakeAsync(
            harbor, 10, CombineKind.Lines, new AcceptorRequest { Webhook = receiver.Address },
            new AcceptorRequest { Folder = "done" });
        await harbor.SubmitAsync(job);

        // The first attempt was answered with 500; the second is seconds away, in ordinary time.
        JobStatus assembled = await harbor.WaitAsync(
            job.Id,
            s => s.State == JobState.Assembled && s.Deliveries[1].State == DeliveryState.Accepted,
            "the other delivery");
        await receiver.First.WaitAsync(TestHarbor.Patience);
        Assert.Equal(DeliveryState.Pending, assembled.Deliveries[0].State);
        await harbor.RestartAsync();
        JobStatus ended = await harbor.WaitForEndAsync(job.Id);

        Assert.All(ended.Deliveries, delivery => Assert.Equal(DeliveryState.Accepted, delivery.State));
        Assert.Equal(FakeAgent.Lines(0, 10), Encoding.ASCII.GetString(receiver.All[^1].Body));
    }

    private static async Task<JobRequest> MakeAsync(
        TestHarbor harbor,
        long count,
        CombineKind combine,
        params AcceptorRequest[] acceptors) =>
        await harbor.MakeJobAsync(0, count, combine) with { Acceptors = [.. acceptors] };

    private static byte[] Entry(string path, string content)
    {
        byte[] header = new byte[FileEntryHeader.HeaderBytesMax];
        int length = new FileEntryHeader(path, content.Length).Write(header);
        return [.. header[..length], .. Encoding.ASCII.GetBytes(content)];
    }
}
