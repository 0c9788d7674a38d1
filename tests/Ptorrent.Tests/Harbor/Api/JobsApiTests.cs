using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor.Api;

/// <summary>What is refused at submit, and how it is said. Nothing of it is stored.</summary>
public sealed class JobsApiTests
{
    // (module (memory (export "memory") PAGES) (func (export "run") (param i64 i64)))
    private static byte[] Kernel(byte pages) =>
    [
        0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
        1, 6, 1, 0x60, 2, 0x7e, 0x7e, 0,
        3, 2, 1, 0,
        5, 3, 1, 0, pages,
        7, 16, 2, 6, .. "memory"u8, 2, 0, 3, .. "run"u8, 0, 0,
        10, 4, 1, 2, 0, 0x0b,
    ];

    [Theory]
    [InlineData("{", "")]
    [InlineData("null", "")]
    [InlineData("[]", "$")]
    [InlineData("{\"surprise\":1}", "$.surprise")]
    [InlineData("{\"id\":\"job_0000000000001\",\"program\":null}", "$.program")]
    [InlineData("{\"id\":\"nonsense\"}", "$.id")]
    public async Task Submit_NoJob_IsRefused(string body, string field)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        using HttpResponseMessage answer = await harbor.Client.PostAsync(
            new Uri("api/jobs", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
        Refusal refusal = await TestHarbor.RefusalOfAsync(answer, HttpStatusCode.UnprocessableEntity);
        Assert.Equal(RefusalCode.InvalidValue, refusal.Code);
        Assert.StartsWith(field, refusal.Field, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_ListsWithNulls_AreRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 5);
        foreach (string list in new[] { "arguments", "acceptors" })
        {
            string body = $$"""
                {"id":"{{job.Id}}",
                "program":{"kind":"Script","digest":"{{job.Program.Digest}}","sizeBytes":27,"name":"x.ts"},
                "over":{"begin":0,"end":5},"{{list}}":[null]}
                """;
            using HttpResponseMessage answer = await harbor.Client.PostAsync(
                new Uri("api/jobs", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
            Refusal refusal = await TestHarbor.RefusalOfAsync(answer, HttpStatusCode.UnprocessableEntity);
            Assert.Equal(list, refusal.Field);
        }
    }

    [Fact]
    public async Task Submit_WrittenByHand_HasTheDefaultsForWhatIsAbsent()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 5);
        string body = $$"""
            {"id":"{{job.Id}}",
            "program":{"kind":"Script","digest":"{{job.Program.Digest}}","sizeBytes":27,"name":"x.ts"},
            "over":{"begin":0,"end":5},"limits":{"memoryBytesMax":65536} }
            """;
        using HttpResponseMessage answer = await harbor.Client.PostAsync(
            new Uri("api/jobs", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

        await using FakeAgent agent = await harbor.ConnectAsync();
        Assert.Equal("0\n1\n2\n3\n4\n", await harbor.TextAsync(job.Id));
        JobDescription description = agent.Grants[0].Description;
        Assert.Equal((int)CombineKind.Concat, description.Combine);
        Assert.Equal(65536, description.MemoryBytesMax);
        Assert.Equal(new JobLimits().FuelMax.Units, description.FuelMax);
        Assert.Equal(new JobLimits().OutputBytesMax, description.OutputBytesMax);
    }

    [Fact]
    public async Task Submit_RangeThatEndsBeforeItBegins_IsRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 5);
        string body = $$"""
            {"id":"{{job.Id}}",
            "program":{"kind":"Script","digest":"{{job.Program.Digest}}","sizeBytes":27,"name":"x.ts"},
            "over":{"begin":7,"end":5} }
            """;
        using HttpResponseMessage answer = await harbor.Client.PostAsync(
            new Uri("api/jobs", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
        await TestHarbor.RefusalOfAsync(answer, HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Submit_ByTheValidatorsRules_IsRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 5) with { Over = null };
        Refusal refusal = await harbor.SubmitRefusedAsync(job, HttpStatusCode.UnprocessableEntity);
        Assert.Equal((RefusalCode.Missing, "over"), (refusal.Code, refusal.Field));
        Assert.Empty(await harbor.ListAsync());
    }

    [Fact]
    public async Task Submit_ABlobThatIsMissingOrOfAnotherSize_IsRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 5);
        Refusal absent = await harbor.SubmitRefusedAsync(
            job with { Program = job.Program with { Digest = default } }, HttpStatusCode.NotFound);
        Assert.Equal("program", absent.Field);
        Refusal size = await harbor.SubmitRefusedAsync(
            job with { Program = job.Program with { SizeBytes = 26 } }, HttpStatusCode.UnprocessableEntity);
        Assert.Equal("program", size.Field);
        Refusal file = await harbor.SubmitRefusedAsync(
            job with { Over = null, Files = [new InputFile("a", default, 1)] }, HttpStatusCode.NotFound);
        Assert.Equal("files", file.Field);
    }

    [Fact]
    public async Task Submit_AProgramThatCannotRun_IsRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 5);

        await ExpectAsync("no module"u8.ToArray(), ProgramKind.Kernel, RefusalCode.MalformedModule);
        await ExpectAsync([0xff, 0xfe], ProgramKind.Script, RefusalCode.MalformedScript);
        await ExpectAsync(Kernel(1), ProgramKind.Wasi, RefusalCode.Conflict);
        await ExpectAsync(Kernel(100), ProgramKind.Kernel, RefusalCode.TooMuchMemory, limit: 1 << 20);
        await ExpectAsync(Kernel(1), ProgramKind.Kernel, RefusalCode.MissingExport, CombineKind.Merge);
        Assert.Empty(await harbor.ListAsync());

        async Task ExpectAsync(
            byte[] program,
            ProgramKind kind,
            RefusalCode code,
            CombineKind combine = CombineKind.Lines,
            long limit = 512 << 20)
        {
            JobRequest request = job with
            {
                Program = new ProgramReference(kind, await harbor.PutAsync(program), program.Length, "p"),
                Combine = combine,
                Limits = job.Limits with { MemoryBytesMax = limit },
            };
            Refusal refusal = await harbor.SubmitRefusedAsync(request, HttpStatusCode.UnprocessableEntity);
            Assert.Equal(code, refusal.Code);
        }
    }

    [Fact]
    public async Task Submit_AKernelThatCanRun_IsTaken()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        byte[] program = Kernel(1);
        JobRequest job = await harbor.MakeJobAsync(0, 5);
        job = job with
        {
            Program = job.Program with
            {
                Kind = ProgramKind.Kernel,
                Digest = await harbor.PutAsync(program),
                SizeBytes = program.Length,
            },
        };
        Assert.Equal(JobState.Submitted, (await harbor.SubmitAsync(job)).State);
    }

    [Fact]
    public async Task Submit_ArgumentsThatFitNoFrame_AreRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 5) with
        {
            Arguments = [.. Enumerable.Repeat(new string('a', 60_000), 10)],
        };
        Refusal refusal = await harbor.SubmitRefusedAsync(job, HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal((RefusalCode.TooLarge, "arguments"), (refusal.Code, refusal.Field));
    }

    [Fact]
    public async Task Submit_ABodyOverTheLimit_IsRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync(o => o with { JobRequestBytesMax = 10_000 });
        JobRequest job = await harbor.MakeJobAsync(0, 5) with { Arguments = [new string('a', 20_000)] };
        Refusal refusal = await harbor.SubmitRefusedAsync(job, HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal(RefusalCode.TooLarge, refusal.Code);
    }

    [Theory]
    [InlineData("GET", "api/jobs/{0}")]
    [InlineData("DELETE", "api/jobs/{0}")]
    [InlineData("GET", "api/jobs/{0}/events")]
    [InlineData("GET", "api/jobs/{0}/results")]
    public async Task Job_ThatIsNotThere_IsNotFound(string method, string path)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        foreach (string id in new[] { new JobId(77).ToString(), "job_1", "agt_0000000000001" })
        {
            string place = string.Format(System.Globalization.CultureInfo.InvariantCulture, path, id);
            using HttpRequestMessage request = new(new HttpMethod(method), place);
            using HttpResponseMessage answer = await harbor.Client.SendAsync(request);
            Assert.Equal(
                RefusalCode.NotFound, (await TestHarbor.RefusalOfAsync(answer, HttpStatusCode.NotFound)).Code);
        }
    }

    [Fact]
    public async Task Events_OfAJob_ComeAtOnceAndOnChangeAndEndAfterTheLast()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        JobRequest job = await harbor.MakeJobAsync(0, 100);
        await harbor.SubmitAsync(job);
        using HttpRequestMessage request = new(HttpMethod.Get, $"api/jobs/{job.Id}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using HttpResponseMessage answer =
            await harbor.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);

        using CancellationTokenSource patience = new(TestHarbor.Patience);
        List<JobProgress> events = [];
        FakeAgent? agent = null;
        await foreach (JobProgress progress in harbor.EventsAsync(job.Id, patience.Token))
        {
            events.Add(progress);
            agent ??= await harbor.ConnectAsync();
        }

        await agent!.DisposeAsync();
        Assert.Equal(JobState.Submitted, events[0].Status.State);
        Assert.Equal(JobState.Accepted, events[^1].Status.State);
        Assert.True(events[^1].Last);
        Assert.All(events.SkipLast(1), e => Assert.False(e.Last));
        Assert.Equal(events.Select(e => e.Status.IndicesDone).Order(), events.Select(e => e.Status.IndicesDone));

        // Of a job that has ended there is one event.
        List<JobProgress> after = [];
        await foreach (JobProgress progress in harbor.EventsAsync(job.Id, patience.Token))
        {
            after.Add(progress);
        }

        Assert.True(Assert.Single(after).Last);
    }
}
