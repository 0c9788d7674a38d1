using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Agent;
using Ptorrent.Harbor;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Sdk;
using Ptorrent.Tests.Sandbox;
using Xunit;

namespace Ptorrent.Tests.Agent;

// Goal: a harbor, its agents and a client give what one machine would, nothing played.
public sealed class NetworkTests : IAsyncLifetime
{
    private const string Digits =
        "export default ({ index }) => { let x = index; for (let i = 0; i < 2000; i++) x = (x * 7 + i) & 0xffff;"
            + " return `${index} ${x}`; };";

    private readonly string _home = Directory.CreateTempSubdirectory("ptorrent-network-test-").FullName;
    private readonly List<AgentHost> _agents = [];
    private HarborHost? _harbor;
    private PtorrentClient? _client;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(SandboxSetup.Runtime is not null, "There is no Deno: run npm ci in the repository.");
        Assert.SkipUnless(
            File.Exists(SandboxSetup.RealExecutor), "There is no executor: run npm run build in the repository.");
        HarborOptions options = new()
        {
            HomeDirectory = Path.Combine(_home, "harbor"),
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Name = "test",
        };
        _harbor = await HarborHost.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        _client = new PtorrentClient(_harbor.Address, _harbor.AccessKey);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (AgentHost agent in _agents)
        {
            await agent.DisposeAsync();
        }

        _client?.Dispose();
        if (_harbor is not null)
        {
            await _harbor.DisposeAsync();
        }

        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task Job_OnTwoAgents_IsWhatOneMachineGives()
    {
        await StartAgentAsync("first");
        await StartAgentAsync("second");

        (string product, JobStatus status) = await RunAsync(Digits, 0, 30_000, CombineKind.Lines);

        Assert.Equal(JobState.Accepted, status.State);
        string[] lines = product.TrimEnd('\n').Split('\n');
        Assert.Equal(30_000, lines.Length);
        Assert.All(lines.Index(), l => Assert.StartsWith($"{l.Index} ", l.Item, StringComparison.Ordinal));
        Assert.Equal(Expected(0), lines[0]);
        Assert.Equal(Expected(29_999), lines[29_999]);
        Assert.Equal(30_000, status.Contributions.Sum(c => c.Indices));
    }

    [Fact]
    public async Task Job_OneAgentLeavesMidway_IsStillWhole()
    {
        AgentHost leaving = await StartAgentAsync("leaving");
        await StartAgentAsync("staying");
        Task<(string Product, JobStatus Status)> running = RunAsync(Digits, 0, 30_000, CombineKind.Lines);

        await leaving.DisposeAsync();

        (string product, JobStatus status) = await running;
        Assert.Equal(JobState.Accepted, status.State);
        Assert.Equal(30_000, product.AsSpan().Count('\n'));
        Assert.Equal(
            Enumerable.Range(0, 30_000).Select(i => $"{i}"),
            product.TrimEnd('\n').Split('\n').Select(l => l[..l.IndexOf(' ', StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task Job_WithItsOwnMerge_IsMergedOnEveryLevel()
    {
        await StartAgentAsync("first");
        await StartAgentAsync("second");
        const string Source =
            "const text = (x) => typeof x === 'string' ? x : new TextDecoder().decode(x);"
                + "export default ({ index }) => `${index}`;"
                + "export const merge = (a, b) => `${Number(text(a)) + Number(text(b))}`;";

        (string product, JobStatus status) = await RunAsync(Source, 0, 5_000, CombineKind.Merge);

        Assert.Equal(JobState.Accepted, status.State);
        Assert.Equal("12497500", product);
    }

    [Fact]
    public async Task Job_ThatFails_SaysWhereAndWhy()
    {
        await StartAgentAsync("only");

        JobHandle job = await SubmitAsync(
            "export default ({ index }) => { if (index === 7) throw new Error('no luck'); };",
            0,
            10,
            CombineKind.Lines);
        JobStatus status = await job.WaitAsync().WaitAsync(FakeHarbor.Patience);

        Assert.Equal(JobState.Failed, status.State);
        Assert.Equal(7, status.Failure!.Index);
        Assert.Contains("no luck", status.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_OverLines_GivesEachIndexItsLine()
    {
        await StartAgentAsync("first");
        await StartAgentAsync("second");
        InputLines lines = await UploadLinesAsync(30_000);

        (string product, JobStatus status) = await RunAsync(
            "export default ({ index, input }) => `${index} ${new TextDecoder().decode(input).toUpperCase()}`;",
            new IndexRange(0, 30_000),
            request => request with { Over = null, Lines = lines, Combine = CombineKind.Lines });

        Assert.Equal(JobState.Accepted, status.State);
        Assert.Equal(
            Enumerable.Range(0, 30_000).Select(i => $"{i} LINE {i}"), product.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Job_OverFewerLinesThanItSays_IsRefused()
    {
        InputLines lines = await UploadLinesAsync(10);

        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(() => SubmitAsync(
            "export default () => 1;",
            new IndexRange(0, 11),
            request => request with { Over = null, Lines = lines with { Count = 11 } }));

        Assert.Contains("the file has 10 lines", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CombineKind.Top, "9999\n9998\n9997\n")]
    [InlineData(CombineKind.Histogram, "0\t5000\n1\t5000\n")]
    public async Task Job_FoldedLines_AreOneProduct(CombineKind combine, string expected)
    {
        await StartAgentAsync("first");
        await StartAgentAsync("second");
        bool isTop = combine == CombineKind.Top;

        (string product, _) = await RunAsync(
            isTop ? "export default ({ index }) => index;" : "export default ({ index }) => index % 2;",
            new IndexRange(0, 10_000),
            request => request with { Combine = combine, TopCount = isTop ? 3 : 0 });

        Assert.Equal(expected, product);
    }

    private async Task<InputLines> UploadLinesAsync(int count)
    {
        string path = Path.Combine(_home, "lines.txt");
        await File.WriteAllTextAsync(path, string.Join('\n', Enumerable.Range(0, count).Select(i => $"line {i}")));
        return new InputLines(await _client!.UploadFileAsync(path), count);
    }

    private static string Expected(int index)
    {
        int x = index;
        for (int i = 0; i < 2000; i++)
        {
            x = ((x * 7) + i) & 0xffff;
        }

        return $"{index} {x}";
    }

    private async Task<AgentHost> StartAgentAsync(string name)
    {
        AgentOptions options = new()
        {
            HomeDirectory = Path.Combine(_home, name),
            Harbor = _harbor!.Address,
            AccessKey = _harbor.AccessKey,
            SlotCount = 2,
            Name = name,
            RuntimePath = SandboxSetup.Runtime!,
            ExecutorPath = SandboxSetup.RealExecutor,
        };
        AgentHost agent = await AgentHost.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        _agents.Add(agent);
        return agent;
    }

    private Task<(string Product, JobStatus Status)> RunAsync(
        string source, long begin, long end, CombineKind combine) =>
        RunAsync(source, new IndexRange(begin, end), request => request with { Combine = combine });

    private async Task<(string Product, JobStatus Status)> RunAsync(
        string source, IndexRange over, Func<JobRequest, JobRequest> change)
    {
        JobHandle job = await SubmitAsync(source, over, change);
        await using Stream results = await job.OpenResultsAsync().WaitAsync(FakeHarbor.Patience);
        using StreamReader reader = new(results);
        string product = await reader.ReadToEndAsync().WaitAsync(FakeHarbor.Patience);
        return (product, await job.WaitAsync().WaitAsync(FakeHarbor.Patience));
    }

    private Task<JobHandle> SubmitAsync(string source, long begin, long end, CombineKind combine) =>
        SubmitAsync(source, new IndexRange(begin, end), request => request with { Combine = combine });

    private async Task<JobHandle> SubmitAsync(string source, IndexRange over, Func<JobRequest, JobRequest> change)
    {
        byte[] program = Encoding.UTF8.GetBytes(source);
        Digest digest = MerkleHasher.RootOf(program);
        string path = Path.Combine(_home, "program.mjs");
        await File.WriteAllBytesAsync(path, program);
        InputFile uploaded = await _client!.UploadFileAsync(path);
        Assert.Equal(digest, uploaded.Digest);
        return await _client.SubmitAsync(change(new JobRequest
        {
            Id = PtorrentClient.NewJobId(),
            Name = "test",
            Program = new ProgramReference(ProgramKind.Script, digest, program.Length, "program.mjs"),
            Over = over,
        }));
    }
}
