using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Google.Protobuf;
using Ptorrent.Agent;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Sandbox.Programs;
using Ptorrent.Tests.Sandbox;
using Xunit;

namespace Ptorrent.Tests.Agent;

// Goal: an agent with real executors does over a real link what its harbor asks.
// Method: a harbor that the test plays; scripts and a kernel as programs.
public sealed class AgentHostTests : IDisposable
{
    private const ulong Job = 0x77;

    private const string Numbers = "export default ({ index }) => `${index}\\n`;";

    private readonly string _home = Directory.CreateTempSubdirectory("ptorrent-agent-test-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task Job_OfAScript_IsCommittedInOrderAndStreamed()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Script(
            harbor, "export default ({ index }) => { for (const t = work(); t.next().value < 3e5;); return index; };"
                + "function* work() { for (let i = 0; ; i++) yield i; }");

        long lease = await link.GrantAsync(job, 100, 900, Job);
        (byte[] product, List<Commit> commits) = await link.ProductAsync(harbor, lease, 900, CombineKind.Lines);

        Assert.Equal(Lines(100, 900), Encoding.ASCII.GetString(product));
        Assert.InRange(commits.Count, 2, 800);
        Assert.All(commits, c => Assert.True(c.Fuel > 0 && c.BusyMicroseconds > 0));
        Assert.Equal(0, link.LeaseCount);
        Assert.True(agent.IsConnected);
        Assert.Equal(agent.Id.Value, link.Hello.Agent);
        Assert.Equal(2U, link.Hello.Slots);
    }

    [Fact]
    public async Task Job_OfAKernel_BurnsFuel()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Describe(harbor, ReferenceKernel.Module, ProgramKind.Kernel, CombineKind.Concat);
        job.Mode = (int)RunMode.Range;

        long lease = await link.GrantAsync(job, 0, 1, Job);
        (byte[] product, List<Commit> commits) = await link.ProductAsync(harbor, lease, 1, CombineKind.Concat);

        Assert.Equal(8, product.Length);
        Assert.InRange(Assert.Single(commits).Fuel, 20, 10_000);
    }

    [Fact]
    public async Task Job_OverFiles_GetsEachContent()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Script(
            harbor, "export default ({ name, input }) => `${name} ${new TextDecoder().decode(input)}`;");
        Input[] inputs =
        [
            .. Enumerable.Range(0, 20).Select(i =>
            {
                byte[] content = Encoding.ASCII.GetBytes($"content {i}");
                return new Input
                {
                    Name = $"file{i}",
                    Digest = harbor.Store(content).ToByteString(),
                    SizeBytes = content.Length,
                };
            }),
        ];

        long lease = await link.GrantAsync(job, 0, 20, Job, g => g.Inputs.Add(inputs));
        (byte[] product, _) = await link.ProductAsync(harbor, lease, 20, CombineKind.Lines);

        Assert.Equal(
            string.Concat(Enumerable.Range(0, 20).Select(i => $"file{i} content {i}\n")),
            Encoding.ASCII.GetString(product));
    }

    [Fact]
    public async Task Result_TooLargeForAFrame_IsUploaded()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Script(harbor, "export default ({ index }) => String(index % 10).repeat(50000);");

        long lease = await link.GrantAsync(job, 0, 30, Job);
        (byte[] product, List<Commit> commits) = await link.ProductAsync(harbor, lease, 30, CombineKind.Lines);

        Assert.Equal(
            string.Concat(Enumerable.Range(0, 30).Select(i => new string((char)('0' + (i % 10)), 50_000) + "\n")),
            Encoding.ASCII.GetString(product));
        Assert.Contains(commits, c => c.Blob is not null);
    }

    [Fact]
    public async Task Merge_OfALeaseAndOfParts_IsTheProgramsOwn()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Script(
            harbor,
            "const text = (x) => typeof x === 'string' ? x : new TextDecoder().decode(x);"
                + "export default ({ index }) => `${index}`;"
                + "export const merge = (a, b) => `${Number(text(a)) + Number(text(b))}`;",
            CombineKind.Merge);
        byte[] left = "1000000"u8.ToArray();

        long lease = await link.GrantAsync(job, 0, 200, Job);
        (byte[] product, List<Commit> commits) = await link.ProductAsync(harbor, lease, 200, CombineKind.Merge);
        long merge = await link.GrantAsync(job, 0, 300, Job, AddParts);
        (byte[] merged, _) = await link.ProductAsync(harbor, merge, 300, CombineKind.Merge);

        Assert.Equal("19900", Encoding.ASCII.GetString(product));
        Assert.Single(commits);
        Assert.Equal("1019907", Encoding.ASCII.GetString(merged));

        void AddParts(Grant grant)
        {
            Blob blob = new() { Digest = harbor.Store(left).ToByteString(), SizeBytes = left.Length };
            grant.Parts.Add(new Part { Begin = 0, End = 100, Blob = blob });
            grant.Parts.Add(new Part { Begin = 100, End = 200, Inline = ByteString.CopyFromUtf8("19900") });
            grant.Parts.Add(new Part { Begin = 200, End = 300, Inline = ByteString.CopyFromUtf8("7") });
        }
    }

    [Fact]
    public async Task Program_ThatFails_IsNackedWithItsOwnWords()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Script(
            harbor, "export default ({ index }) => { if (index === 41) throw new Error('no luck'); return index; };");

        Nack nack = await link.NackAsync(await link.GrantAsync(job, 40, 43, Job));

        Assert.Equal(NackReason.NackProgramFailed, nack.Reason);
        Assert.Equal(41, nack.Failure.Index);
        Assert.Equal((int)TrapCode.ScriptError, nack.Failure.Trap);
        Assert.Contains("no luck", nack.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_ThatIsNone_IsNackedAsUnloadable()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Describe(harbor, [1, 2, 3, 4], ProgramKind.Kernel, CombineKind.Lines);

        Nack nack = await link.NackAsync(await link.GrantAsync(job, 5, 43, Job));

        Assert.Equal((int)TrapCode.LoadFailed, nack.Failure.Trap);
        Assert.Equal(5, nack.Failure.Index);
    }

    [Fact]
    public async Task Program_ThatCannotBeHad_IsNackedAsUnavailable()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Script(harbor, Numbers);
        harbor.Blobs.Clear();

        Nack nack = await link.NackAsync(await link.GrantAsync(job, 0, 43, Job));

        Assert.Equal(NackReason.NackBlobUnavailable, nack.Reason);
    }

    [Fact]
    public async Task Cancel_OfAnEndlessRun_FreesItsSlot()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor, slotCount: 1);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription endless = Script(harbor, "export default () => { for (;;); };");
        long lease = await link.GrantAsync(endless, 0, 10, Job);

        await link.SendAsync(new Frame { Cancel = new Cancel { Lease = lease } });
        long next = await link.GrantAsync(Script(harbor, Numbers), 0, 50, Job + 1);
        (byte[] product, _) = await link.ProductAsync(harbor, next, 50, CombineKind.Lines);

        Assert.Equal(Lines(0, 50), Encoding.ASCII.GetString(product));
    }

    // Goal: an executor that dies changes nothing in the bytes.
    // Method: kill -9 of each executor in turn while a lease is at work.
    [Fact]
    public async Task Executors_KilledInMidLease_LeaveTheBytesAlone()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Script(
            harbor,
            "export default ({ index }) => { let x = index; for (let i = 0; i < 3e5; i++) x = (x * 7 + i) & 0xffff;"
                + " return `${index} ${x}`; };");
        long whole = await link.GrantAsync(job, 0, 300, Job);
        (byte[] expected, _) = await link.ProductAsync(harbor, whole, 300, CombineKind.Lines);

        long lease = await link.GrantAsync(job, 0, 300, Job);
        Task<(byte[] Product, List<Commit>)> product = link.ProductAsync(harbor, lease, 300, CombineKind.Lines);
        foreach (Ptorrent.Sandbox.ExecutorSlot slot in agent.Executors.Slots)
        {
            using Process process = Process.GetProcessById(slot.ProcessId!.Value);
            process.Kill();
            await process.WaitForExitAsync().WaitAsync(FakeHarbor.Patience);
        }

        Assert.Equal(expected, (await product).Product);
        Assert.True(agent.Executors.Slots.Sum(s => s.ReplacedCount) >= 2);
    }

    [Fact]
    public async Task Link_Lost_IsMadeAgainAndWorks()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        FakeHarborLink first = await harbor.AcceptAsync();
        await first.GrantAsync(Script(harbor, "export default () => { for (;;); };"), 0, 10, Job);
        await first.DisposeAsync();

        await using FakeHarborLink second = await harbor.AcceptAsync();
        long lease = await second.GrantAsync(Script(harbor, Numbers), 0, 50, Job + 1);
        (byte[] product, _) = await second.ProductAsync(harbor, lease, 50, CombineKind.Lines);

        Assert.Equal(Lines(0, 50), Encoding.ASCII.GetString(product));
        Assert.Equal(agent.Id.Value, second.Hello.Agent);
    }

    // Goal: a lost line costs nothing of what was computed.
    // Method: the line breaks in mid-lease; what the agent then says that it holds is granted again, and it goes on.
    [Fact]
    public async Task Lease_WhoseLinkIsLost_IsGoneOnWith()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor, slotCount: 1);
        FakeHarborLink first = await harbor.AcceptAsync();
        JobDescription job = Script(
            harbor, "export default ({ index }) => { for (let i = 0; i < 1e6; i++); return index; };");
        long lease = await first.GrantAsync(job, 0, 500, Job);
        Commit commit = (await first.NextAsync(f => f.Commit is not null)).Commit;
        await first.SendAsync(Ptorrent.Tests.Link.SampleFrames.Receipt(lease, commit.Upto));
        await first.NextAsync(f => f.Commit is not null);
        await first.DisposeAsync();

        await using FakeHarborLink second = await harbor.AcceptAsync(cancelsHoldings: false);
        Holding holding = Assert.Single(second.Hello.Holdings);
        Assert.Equal((commit.Upto, 500), (holding.Begin, holding.End));
        long resumed = await second.GrantAsync(job, holding.Begin, holding.End, Job, g => g.Resumes = holding.Lease);
        (byte[] product, _) = await second.ProductAsync(harbor, resumed, 500, CombineKind.Lines);

        Assert.Equal(Lines((int)commit.Upto, 500), Encoding.ASCII.GetString(product));
    }

    [Fact]
    public async Task Harbor_BreaksTheProtocol_GetsTheRuleAsTheReason()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Script(harbor, Numbers);
        await link.GrantAsync(job, 0, 10, Job);

        await link.SendRawAsync(Ptorrent.Tests.Link.SampleFrames.Welcome());

        Assert.Contains("Welcome", await link.Ended, StringComparison.Ordinal);
        await using FakeHarborLink again = await harbor.AcceptAsync();
    }

    [Fact]
    public async Task Stop_GivesBackWhatHasNotBegun()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        AgentHost agent = await StartAsync(harbor, slotCount: 1);
        await using FakeHarborLink link = await harbor.AcceptAsync();
        JobDescription job = Script(
            harbor, "export default ({ index }) => { for (let i = 0; i < 1e7; i++); return index; };");
        long running = await link.GrantAsync(job, 0, 5000, Job);
        long waiting = await link.GrantAsync(job, 5000, 5010, Job);
        Commit first = (await link.NextAsync(f => f.Commit is not null)).Commit;

        await agent.DisposeAsync();

        Assert.Equal(running, first.Lease);
        Assert.Equal("The agent stops.", await link.Ended);
        Assert.Equal(0, link.LeaseCount);
        await link.NextAsync(f => f.Window is { Fuel: 0 });
        Assert.Equal(NackReason.NackStopping, (await link.NackAsync(waiting)).Reason);
        await agent.Completion;
    }

    [Fact]
    public async Task Key_Wrong_EndsTheAgentWithTheReason()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        await using AgentHost agent = await StartAsync(harbor, change: o => o with { AccessKey = "wrong" });

        RefusedException thrown = await Assert.ThrowsAsync<RefusedException>(
            () => agent.Completion.WaitAsync(FakeHarbor.Patience));

        Assert.Equal(RefusalCode.Unauthorized, thrown.Refusal.Code);
    }

    [Fact]
    public async Task Home_HeldByAnother_IsRefused()
    {
        await using FakeHarbor harbor = await FakeHarbor.StartAsync();
        AgentId id;
        await using (AgentHost agent = await StartAsync(harbor))
        {
            id = agent.Id;
            await Assert.ThrowsAsync<AgentException>(() => StartAsync(harbor));
        }

        await using AgentHost again = await StartAsync(harbor);
        Assert.Equal(id, again.Id);
    }

    private static string Lines(int begin, int end) =>
        string.Concat(Enumerable.Range(begin, end - begin).Select(i => $"{i}\n"));

    private static JobDescription Script(
        FakeHarbor harbor, string source, CombineKind combine = CombineKind.Lines) =>
        Describe(harbor, Encoding.UTF8.GetBytes(source), ProgramKind.Script, combine);

    private static JobDescription Describe(FakeHarbor harbor, byte[] program, ProgramKind kind, CombineKind combine) =>
        new JobRequest
        {
            Id = new JobId(1),
            Program = new ProgramReference(kind, harbor.Store(program), program.Length, "program"),
            Over = new Ptorrent.Model.Units.IndexRange(0, 1),
            Combine = combine,
        }.ToDescription();

    private async Task<AgentHost> StartAsync(
        FakeHarbor harbor, int slotCount = 2, Func<AgentOptions, AgentOptions>? change = null)
    {
        Assert.SkipUnless(SandboxSetup.Runtime is not null, "There is no Deno: run npm ci in the repository.");
        Assert.SkipUnless(
            File.Exists(SandboxSetup.RealExecutor), "There is no executor: run npm run build in the repository.");
        AgentOptions options = new()
        {
            HomeDirectory = _home,
            Harbor = harbor.Address,
            AccessKey = FakeHarbor.Key,
            SlotCount = slotCount,
            Name = "test",
            RuntimePath = SandboxSetup.Runtime,
            ExecutorPath = SandboxSetup.RealExecutor,
        };
        return await AgentHost.StartAsync(
            change?.Invoke(options) ?? options, NullLoggerFactory.Instance, CancellationToken.None);
    }
}
