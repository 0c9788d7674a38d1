using System.Collections.Immutable;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;
using Ptorrent.Sandbox.Frames;
using Xunit;

namespace Ptorrent.Tests.Sandbox;

// Goal: both sides of the executor protocol mean the same bytes, and no bytes from an executor do harm.
// Method: the golden frames of docs/protocol/vectors, cut and mutated.
public sealed class ExecutorFrameTests
{
    private static readonly SandboxProgram Program = new(
        new ProgramLoad
        {
            Kind = ProgramKind.Kernel,
            Mode = RunMode.Item,
            Combine = CombineKind.Top,
            TopCount = 10,
            Name = "é.wasm",
            Code = "\0asm"u8.ToArray(),
            Arguments = ["--at", "{index}"],
            Parameters = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
                .Add("depth", "9").Add("name", "ö"),
            Limits = new JobLimits { OutputBytesMax = 65536 },
            Seed = Enumerable.Range(1, 32).Select(i => (byte)i).ToArray(),
        },
        "\0asm"u8.ToArray());

    public static TheoryData<string> FromExecutor => ["ready", "loaded", "refused", "done", "failed"];

    [Fact]
    public async Task Write_EveryFrameToAnExecutor_IsItsGoldenBytes()
    {
        ReadOnlyMemory<byte>[] parts = ["left"u8.ToArray(), "right"u8.ToArray()];
        await AssertWrittenAsync("load", new AgentFrame.Load(3, Program, Program.Form.Code));
        await AssertWrittenAsync("run", new AgentFrame.Run(7, 3, 1_000_000, new RunRequest
        {
            Range = new IndexRange(10, 12),
            Inputs = [new RunInput("a.txt", "A"u8.ToArray()), new RunInput("b.txt", Array.Empty<byte>())],
        }));
        await AssertWrittenAsync("run-lines", new AgentFrame.Run(9, 3, 30, new RunRequest
        {
            Range = new IndexRange(20, 23),
            Lines = "a\n\nb"u8.ToArray(),
        }));
        await AssertWrittenAsync("merge", new AgentFrame.Merge(8, 3, 500, new MergeRequest { Parts = [.. parts] }));
        await AssertWrittenAsync("unload", new AgentFrame.Unload(3));
    }

    [Fact]
    public async Task Write_LargeAndSmallInputsTogether_AreInOrder()
    {
        byte[] large = new byte[100_000];
        new Prng(1).Fill(large);
        RunRequest request = new()
        {
            Range = new IndexRange(0, 3),
            Inputs = [new RunInput("a", "x"u8.ToArray()), new RunInput("b", large), new RunInput("c", "y"u8.ToArray())],
        };
        FrameBuffer buffer = new();
        FrameEncoder.Write(buffer, new AgentFrame.Run(1, 2, 3, request));
        FrameEncoder.Write(buffer, new AgentFrame.Unload(4));
        using MemoryStream stream = new();
        long length = buffer.Length;
        await buffer.WriteToAsync(stream, CancellationToken.None);
        byte[] bytes = stream.ToArray();

        Assert.Equal(length, bytes.Length);
        Assert.Equal(FrameEncoder.BodyBytes(request), BitConverter.ToUInt32(bytes));
        int at = bytes.AsSpan().IndexOf(large);
        Assert.Equal((byte)'x', bytes[at - 10]);
        Assert.Equal((byte)'y', bytes[at + large.Length + 9]);
        Assert.Equal(FrameType.Unload, bytes[^5]);
    }

    [Fact]
    public void Read_Done_GivesTheSegment()
    {
        ExecutorFrame.Done done = Assert.IsType<ExecutorFrame.Done>(Decode(Golden("done")));

        Assert.Equal((7UL, new Fuel(1234), TimeSpan.FromMicroseconds(56)), (done.Run, done.Burnt, done.Time));
        Assert.Equal([1, 2, 3], done.Segment.ToArray());
    }

    [Fact]
    public void Read_TheOtherFrames_GiveTheirFields()
    {
        Assert.Equal(new ExecutorFrame.Ready(2, "deno 2.9.6 v8 15.0"), Decode(Golden("ready")));
        Assert.Equal(new ExecutorFrame.Loaded(3, true), Decode(Golden("loaded")));
        Assert.Equal(new ExecutorFrame.Refused(3, TrapCode.LoadFailed, "no export run"), Decode(Golden("refused")));
        Assert.Equal(
            new ExecutorFrame.Failed(
                7, 11, TrapCode.OutOfBounds, new Fuel(99), TimeSpan.FromMicroseconds(5), "out of bounds"),
            Decode(Golden("failed")));
    }

    [Theory]
    [MemberData(nameof(FromExecutor))]
    public async Task Read_FrameCutAnywhereByTheSystem_IsTheSame(string name)
    {
        byte[] frame = Golden(name);
        for (int cut = 1; cut < frame.Length; cut++)
        {
            FrameReader reader = new(new CutStream([.. frame, .. frame], cut));
            for (int i = 0; i < 2; i++)
            {
                (byte type, byte[] body)? read = await reader.ReadAsync(_ => 1000, CancellationToken.None);
                Assert.Equal(frame[4], read?.type);
                Assert.Equal(frame[5..], read?.body);
            }

            Assert.Null(await reader.ReadAsync(_ => 1000, CancellationToken.None));
        }
    }

    [Theory]
    [MemberData(nameof(FromExecutor))]
    public void Read_BodyCutOrLengthened_IsRefused(string name)
    {
        byte[] frame = Golden(name);
        for (int length = 5; length < frame.Length; length++)
        {
            Assert.Throws<FrameException>(() => Decode(frame[..length]));
        }

        Assert.Throws<FrameException>(() => Decode([.. frame, 0]));
    }

    [Theory]
    [MemberData(nameof(FromExecutor))]
    public void Read_MutatedBytes_AreAFrameOrRefusedAndAllocateLittle(string name)
    {
        byte[] golden = Golden(name);
        Prng prng = new(20260101);
        long before = GC.GetAllocatedBytesForCurrentThread();
        const int rounds = 20_000;
        for (int round = 0; round < rounds; round++)
        {
            byte[] frame = [.. golden];
            for (long i = prng.Below(4); i >= 0; i--)
            {
                prng.Fill(frame.AsSpan(4 + (int)prng.Below(frame.Length - 4), 1));
            }

            try
            {
                Decode(frame);
            }
            catch (FrameException)
            {
                // One of the two ways that are right.
            }
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / rounds, 0, 10_000);
    }

    [Fact]
    public async Task Read_LengthOverWhatIsAllowed_AllocatesNothing()
    {
        byte[] header = [255, 255, 255, 127, FrameType.Done];
        FrameReader reader = new(new MemoryStream(header));
        FrameException refused = await Assert.ThrowsAsync<FrameException>(
            () => reader.ReadAsync(_ => 1000, CancellationToken.None).AsTask());

        Assert.Contains("1000 are allowed", refused.Message, StringComparison.Ordinal);
    }

    private static byte[] Golden(string name) => Convert.FromHexString(
        File.ReadAllText(RepositoryRoot.Combine($"docs/protocol/vectors/executor-{name}.hex")).Trim());

    private static ExecutorFrame Decode(byte[] frame) => FrameDecoder.Read(frame[4], frame.AsMemory(5));

    private static async Task AssertWrittenAsync(string name, AgentFrame frame)
    {
        FrameBuffer buffer = new();
        FrameEncoder.Write(buffer, frame);
        using MemoryStream stream = new();
        await buffer.WriteToAsync(stream, CancellationToken.None);
        Assert.Equal(Convert.ToHexStringLower(Golden(name)), Convert.ToHexStringLower(stream.ToArray()));
    }

    /// <summary>Gives at most so many bytes at a time.</summary>
    private sealed class CutStream(byte[] bytes, int atMost) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(atMost, buffer.Length)], cancellationToken);
    }
}
