using System.Collections.Immutable;
using Google.Protobuf;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Xunit;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Tests.Link;

public sealed class FrameCodecTests
{
    public static TheoryData<string> Names => [.. SampleFrames.All().Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_EncodedFrame_IsTheFrame(string name)
    {
        Frame frame = SampleFrames.All().Single(f => f.Name == name).Frame;

        Assert.Equal(frame, FrameCodec.Decode(FrameCodec.Encode(frame)));
    }

    // Goal: frames of this version stay readable for ever. When this fails, the bytes on the wire have changed: undo
    // that, or raise LinkLimits.Version, keep reading the old bytes, and add new vectors beside the old ones. To write
    // a vector for a new frame, run the tests with PTORRENT_WRITE_VECTORS=1 and look at the difference.
    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_SampleFrame_HasItsGoldenBytes(string name)
    {
        Frame frame = SampleFrames.All().Single(f => f.Name == name).Frame;
        string path = RepositoryRoot.Combine("docs", "protocol", "vectors", $"link-{name}.hex");
        if (Environment.GetEnvironmentVariable("PTORRENT_WRITE_VECTORS") == "1")
        {
            File.WriteAllText(path, Convert.ToHexStringLower(FrameCodec.Encode(frame)) + "\n");
        }

        byte[] golden = Convert.FromHexString(File.ReadAllText(path).Trim());

        Assert.Equal(golden, FrameCodec.Encode(frame));
        Assert.Equal(frame, FrameCodec.Decode(golden));
    }

    public static TheoryData<string, Action<Frame>> Spoilings()
    {
        TheoryData<string, Action<Frame>> data = [];
        void Add(string name, Action<Frame> spoil) => data.Add(name, spoil);

        AddGreetings(Add);
        Add("window", f => f.Window.Fuel = -1);
        Add("grant", f => f.Grant.Lease = 0);
        Add("grant", f => f.Grant.Epoch = -1);
        Add("grant", f => f.Grant.Job = 0);
        Add("grant", f => f.Grant.Begin = -1);
        Add("grant", f => f.Grant.End = f.Grant.Begin);
        Add("grant", f => f.Grant.FuelEstimate = -1);
        Add("grant", f => f.Grant.Description.Kind = 0);
        Add("grant", f => f.Grant.Description.Program = ByteString.CopyFrom(1, 2));
        Add("grant", f => f.Grant.Description.ProgramBytes = 0);
        Add("grant", f => f.Grant.Description.ProgramName = "../x");
        Add("grant", f => f.Grant.Description.Seed = ByteString.Empty);
        Add("grant", f => f.Grant.Description.FuelMax = 0);
        Add("grant", f => f.Grant.Description.MemoryBytesMax = 1);
        Add("grant", f => f.Grant.Description.TimeMicrosecondsMax = 0);
        Add("grant", f => f.Grant.Description.OutputBytesMax = 0);
        Add("grant", f => f.Grant.Description.Arguments.Add(new string('a', (64 * 1024) + 1)));
        Add("grant", f => f.Grant.Description.Arguments.Add(Enumerable.Repeat("a", 1000)));
        Add("grant", f => f.Grant.Description.Arguments.Add(Enumerable.Repeat(new string('a', 60_000), 9)));
        Add("grant", f => f.Grant.Description.Parameters.Add(new Parameter { Key = "depth", Value = "8" }));
        Add("grant-resumes", f => f.Grant.Resumes = -1);
        Add("grant-parts", f => f.Grant.Resumes = 3);
        Add("grant-files", f => f.Grant.Inputs.RemoveAt(1));
        Add("grant-files", f => f.Grant.Inputs[0].Name = "..");
        Add("grant-files", f => f.Grant.Inputs[0].Digest = ByteString.Empty);
        Add("grant-files", f => f.Grant.Inputs[0].SizeBytes = -1);
        Add("grant-parts", f => f.Grant.Parts[1].Begin = 11);
        Add("grant-parts", f => f.Grant.End = 31);
        Add("grant-parts", f => f.Grant.Parts[0].ClearContent());
        Add("grant-parts", f => f.Grant.Parts[0].Inline = ByteString.CopyFrom(new byte[LinkLimits.InlineBytesMax + 1]));
        Add("commit", f => f.Commit.Lease = -1);
        Add("commit", f => f.Commit.Upto = 0);
        Add("commit", f => f.Commit.Fuel = -1);
        Add("commit", f => f.Commit.BusyMicroseconds = -1);
        Add("commit", f => f.Commit.ClearResult());
        Add("commit", f => f.Commit.Inline = ByteString.CopyFrom(new byte[LinkLimits.InlineBytesMax + 1]));
        Add("commit-blob", f => f.Commit.Blob.SizeBytes = -1);
        Add("receipt", f => f.Receipt.Prefixes.Clear());
        Add("receipt", f => f.Receipt.Prefixes[0].Lease = 0);
        Add("receipt", f => f.Receipt.Prefixes[1].Upto = 0);
        Add("receipt", f => f.Receipt.Prefixes.Add(
            Enumerable.Repeat(new LeasePrefix { Lease = 1, Upto = 1 }, LinkLimits.ReceiptPrefixCountMax)));
        Add("revoke", f => f.Revoke.From = -1);
        Add("keep", f => f.Keep.Lease = 0);
        Add("cancel", f => f.Cancel.Lease = 0);
        Add("nack", f => f.Nack.Reason = NackReason.NackProgramFailed);
        Add("nack", f => f.Nack.Detail = new string('d', 4097));
        Add("nack-failure", f => f.Nack.Reason = NackReason.NackStopping);
        Add("nack-failure", f => f.Nack.Failure.Index = -1);
        Add("nack-failure", f => f.Nack.Failure.Message = new string('m', 4097));
        return data;
    }

    private static void AddGreetings(Action<string, Action<Frame>> add)
    {
        add("hello", f => f.ClearBody());
        add("hello", f => f.Hello.Version = 0);
        add("hello", f => f.Hello.Agent = 0);
        add("hello", f => f.Hello.Slots = 0);
        add("hello", f => f.Hello.Slots = LinkLimits.SlotCountMax + 1);
        add("hello", f => f.Hello.FuelPerSecond = 0);
        add("hello", f => f.Hello.FuelPerSecond = double.NaN);
        add("hello", f => f.Hello.FuelPerSecond = double.PositiveInfinity);
        add("hello", f => f.Hello.MemoryBytes = 0);
        add("hello", f => f.Hello.Name = new string('n', 201));
        add("hello", f => f.Hello.Software = new string('n', 201));
        add("hello-holdings", f => f.Hello.Holdings[0].Lease = 0);
        add("hello-holdings", f => f.Hello.Holdings[0].Lease = 9);
        add("hello-holdings", f => f.Hello.Holdings[0].Epoch = -1);
        add("hello-holdings", f => f.Hello.Holdings[0].Job = 0);
        add("hello-holdings", f => f.Hello.Holdings[0].Begin = -1);
        add("hello-holdings", f => f.Hello.Holdings[0].End = 12);
        add("hello-holdings", f => f.Hello.Holdings.Add(
            Enumerable.Range(10, LinkLimits.HoldingCountMax).Select(i => new Holding { Lease = i, Job = 1, End = 1 })));
        add("welcome", f => f.Welcome.Harbor = 0);
        add("welcome", f => f.Welcome.Version = 0);
    }

    [Theory]
    [MemberData(nameof(Spoilings), DisableDiscoveryEnumeration = true)]
    public void Decode_FrameThatBreaksARule_IsAProtocolError(string name, Action<Frame> spoil)
    {
        Frame frame = SampleFrames.All().Single(f => f.Name == name).Frame;
        spoil(frame);

        Assert.Throws<LinkProtocolException>(() => FrameCodec.Decode(frame.ToByteArray()));
        Assert.Throws<InvariantException>(() => FrameCodec.Encode(frame));
    }

    [Fact]
    public void Decode_TooManyBytes_IsRefusedUnread()
    {
        LinkProtocolException thrown =
            Assert.Throws<LinkProtocolException>(() => FrameCodec.Decode(new byte[LinkLimits.FrameBytesMax + 1]));

        Assert.Contains("1048576", thrown.Message, StringComparison.Ordinal);
    }

    // Goal: no bytes from the network get anything but a frame or a protocol error out of the codec.
    // Method: random changes, cuts and insertions in the bytes of each valid frame.
    [Fact]
    public void Decode_SpoiltBytes_GivesAFrameOrAProtocolError()
    {
        Prng prng = new(20_260_801);
        int refused = 0;
        foreach ((string _, Frame frame) in SampleFrames.All())
        {
            byte[] whole = FrameCodec.Encode(frame);
            for (int round = 0; round < 2_000; round++)
            {
                List<byte> bytes = [.. whole];
                for (long change = prng.Below(4); change >= 0; change--)
                {
                    int at = (int)prng.Below(bytes.Count);
                    switch (prng.Below(3))
                    {
                        case 0:
                            bytes[at] = (byte)prng.Below(256);
                            break;
                        case 1:
                            bytes.Insert(at, (byte)prng.Below(256));
                            break;
                        default:
                            bytes.RemoveRange(at, bytes.Count - at);
                            bytes.Add(0);
                            break;
                    }
                }

                try
                {
                    FrameCodec.Encode(FrameCodec.Decode([.. bytes]));
                }
                catch (LinkProtocolException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, 1_000, (SampleFrames.All().Count() * 2_000) - 1_000);
    }

    [Fact]
    public void Conversions_Failure_GoesThereAndBack()
    {
        ModelFailure failure = new(12, TrapCode.Arithmetic, "division by zero", new Fuel(7));

        Assert.Equal(failure, failure.ToFrame().ToModel());
        Assert.Equal(4096, (failure with { Message = new string('m', 5000) }).ToFrame().Message.Length);
        Assert.Equal(TrapCode.Unknown, new Ptorrent.Link.Frames.ProgramFailure { Trap = 999 }.ToModel().Code);
    }

    [Fact]
    public void Conversions_Request_BecomesAValidDescription()
    {
        JobRequest request = new()
        {
            Id = new JobId(5),
            Program = new ProgramReference(ProgramKind.Kernel, MerkleHasher.RootOf([1, 2, 3]), 3, "primes.wasm"),
            Over = new IndexRange(0, 10),
            Arguments = ["{begin}"],
            Parameters = ImmutableSortedDictionary<string, string>.Empty.Add("depth", "7").Add("Base", "10"),
            Combine = CombineKind.Sum,
        };
        Frame frame = SampleFrames.Grant();
        frame.Grant.Description = request.ToDescription();

        JobDescription description = FrameCodec.Decode(FrameCodec.Encode(frame)).Grant.Description;

        Assert.Equal(request.Limits, description.ToLimits());
        Assert.Equal("Base", description.Parameters[0].Key);
        Assert.Equal("7", description.ToParameters()["depth"]);
        Assert.Equal(JobSeed.Of(request).AsSpan(), description.Seed.Span);
        Assert.Equal((int)RunMode.Range, description.Mode);
    }
}
