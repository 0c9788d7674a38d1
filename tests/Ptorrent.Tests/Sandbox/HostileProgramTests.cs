using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;
using Xunit;

namespace Ptorrent.Tests.Sandbox;

// Goal: whatever a program tries, it comes to what the manifest says, twice in the same way, its slot serves the next
// program, and the program on the other slot notices nothing.
// Method: the real executor behind all walls of the machine; slot 0 runs the hostile program, slot 1 an honest one.
public sealed class HostileProgramTests(HostileProgramTests.Fixture fixture)
    : IClassFixture<HostileProgramTests.Fixture>
{
    private static readonly HostileManifest Manifest = HostileManifest.Read();

    public static TheoryData<string> Names => [.. Manifest.Programs.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Run_HostileProgram_ComesToWhatTheManifestSays(string name)
    {
        HostileProgram hostile = Manifest.Programs.Single(p => p.Name == name);
        string path = Path.Combine(HostileManifest.Folder, hostile.File);
        Assert.SkipUnless(File.Exists(path), "The program is not built: run node tests/hostile/build.mjs.");
        Ptorrent.Sandbox.Sandbox sandbox = await fixture.GetAsync();
        using CancellationTokenSource done = new();
        Task<int> neighbour = fixture.RunNeighbourAsync(done.Token);

        List<string> first = await RunAllAsync(sandbox, hostile, path);
        List<string> second = await RunAllAsync(sandbox, hostile, path);
        string after = SandboxSetup.TextOf(await fixture.RunHonestAsync(0));
        await done.CancelAsync();

        Assert.True(await neighbour > 0);
        Assert.Equal(fixture.HonestText, after);
        if (!hostile.Expect.Any(e => e.Trap == nameof(TrapCode.TimeExhausted)))
        {
            Assert.Equal(first, second);
        }
    }

    private static async Task<List<string>> RunAllAsync(
        Ptorrent.Sandbox.Sandbox sandbox, HostileProgram hostile, string path)
    {
        SandboxProgram program;
        try
        {
            program = sandbox.Prepare(await LoadAsync(hostile, path));
        }
        catch (RefusedException refused)
        {
            Assert.Contains(hostile.Expect, e => e.Refusal == refused.Refusal.Code.ToString());
            return [refused.Message];
        }

        List<string> seen = [];
        long begin = hostile.Begin;
        long end = hostile.End ?? begin + 1;
        foreach (IndexRange range in hostile.Each
            ? Enumerable.Range(0, (int)(end - begin)).Select(i => new IndexRange(begin + i, begin + i + 1))
            : [new IndexRange(begin, end)])
        {
            RunOutcome outcome = await RunAsync(sandbox, program, hostile, range);
            Assert.True(hostile.Expect.Any(e => Fits(e, outcome)), $"{hostile.Name} {range} came to {Shown(outcome)}");
            seen.Add(outcome is RunOutcome.Failed failed
                ? $"{failed.Failure.Code} at {failed.Failure.Index}" // The place in an endless recursion is chance.
                : Shown(outcome));
        }

        return seen;
    }

    private static async Task<RunOutcome> RunAsync(
        Ptorrent.Sandbox.Sandbox sandbox, SandboxProgram program, HostileProgram hostile, IndexRange range)
    {
        ExecutorSlot slot = sandbox.Slots[0];
        RunRequest request = new() { Range = range };
        if (!hostile.Merge)
        {
            return await slot.RunAsync(program, request, CancellationToken.None).AsTask()
                .WaitAsync(SandboxSetup.Patience);
        }

        List<ReadOnlyMemory<byte>> parts = [];
        for (long index = range.Begin; index < range.Begin + 2; index++)
        {
            RunOutcome part = await slot
                .RunAsync(program, SandboxSetup.Range(index, index + 1), CancellationToken.None).AsTask()
                .WaitAsync(SandboxSetup.Patience);
            parts.Add(Assert.IsType<RunOutcome.Completed>(part).Segment);
        }

        return await slot.MergeAsync(program, new MergeRequest { Parts = [.. parts] }, CancellationToken.None).AsTask()
            .WaitAsync(SandboxSetup.Patience);
    }

    private static async Task<ProgramLoad> LoadAsync(HostileProgram hostile, string path)
    {
        HostileLimits defaults = Manifest.Defaults;
        HostileLimits limits = hostile.Limits;
        return new ProgramLoad
        {
            Kind = Enum.Parse<ProgramKind>(hostile.Kind, ignoreCase: true),
            Mode = hostile.Kind == "kernel" ? RunMode.Range : RunMode.Item,
            Name = Path.GetFileName(path),
            Code = await File.ReadAllBytesAsync(path),
            Arguments = hostile.Arguments,
            Parameters = hostile.Parameters.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Limits = new JobLimits
            {
                // A script's fuel is its time on this machine: here its time limit is to end it.
                FuelMax = hostile.Kind == "script"
                    ? new JobLimits().FuelMax
                    : new Fuel(limits.Fuel ?? defaults.Fuel ?? 0),
                MemoryBytesMax = limits.MemoryBytes ?? defaults.MemoryBytes ?? 0,
                OutputBytesMax = limits.OutputBytes ?? defaults.OutputBytes ?? 0,
                TimeMax = TimeSpan.FromMilliseconds(limits.TimeMilliseconds ?? defaults.TimeMilliseconds ?? 0),
            },
            Seed = SHA256.HashData(Encoding.UTF8.GetBytes(limits.Seed ?? defaults.Seed ?? string.Empty)),
        };
    }

    private static bool Fits(HostileOutcome expected, RunOutcome outcome)
    {
        if (outcome is RunOutcome.Failed { Failure: ProgramFailure failure })
        {
            string code = failure.Code.ToString();
            return (expected.Trap == code || expected.Load == code)
                && (expected.Index is null || expected.Index == failure.Index)
                && failure.Message.Contains(expected.MessageContains ?? string.Empty, StringComparison.Ordinal);
        }

        string text = SandboxSetup.TextOf(outcome);
        return expected.Output == text
            || (expected.OutputMatches is { } pattern
                && Regex.IsMatch(text, pattern, RegexOptions.ECMAScript, SandboxSetup.Patience));
    }

    private static string Shown(RunOutcome outcome) => outcome is RunOutcome.Failed { Failure: ProgramFailure failure }
        ? $"{failure.Code} at {failure.Index}: {failure.Message}"
        : $"output '{SandboxSetup.TextOf(outcome)}'";

    /// <summary>One sandbox for all, as on a device.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private Ptorrent.Sandbox.Sandbox? _sandbox;
        private SandboxProgram? _honest;

        internal string HonestText { get; private set; } = string.Empty;

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public async ValueTask DisposeAsync()
        {
            if (_sandbox is not null)
            {
                await _sandbox.DisposeAsync();
            }
        }

        internal async Task<Ptorrent.Sandbox.Sandbox> GetAsync()
        {
            if (_sandbox is null)
            {
                _sandbox = await SandboxSetup.StartRealAsync(slots: 2);
                _honest = _sandbox.Prepare(SandboxSetup.ReferenceLoad);
                HonestText = SandboxSetup.TextOf(await RunHonestAsync(1));
            }

            return _sandbox;
        }

        internal Task<RunOutcome> RunHonestAsync(int slot) =>
            _sandbox!.Slots[slot] // Called after GetAsync.
                .RunAsync(_honest!, SandboxSetup.Range(0, 10_000), CancellationToken.None).AsTask()
                .WaitAsync(SandboxSetup.Patience);

        internal async Task<int> RunNeighbourAsync(CancellationToken done)
        {
            int count = 0;
            do
            {
                Assert.Equal(HonestText, SandboxSetup.TextOf(await RunHonestAsync(1)));
                count++;
            }
            while (!done.IsCancellationRequested);

            return count;
        }
    }
}
