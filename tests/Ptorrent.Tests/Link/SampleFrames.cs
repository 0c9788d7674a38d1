using Google.Protobuf;
using Ptorrent.Link.Frames;

namespace Ptorrent.Tests.Link;

/// <summary>One valid frame of each kind, with every field set; fresh at each call, so that a test may spoil
/// it.</summary>
internal static class SampleFrames
{
    public const ulong Job = 0x1122334455667788;

    public static ByteString Digest(byte fill) => ByteString.CopyFrom([.. Enumerable.Repeat(fill, 32)]);

    public static Frame Hello() => new()
    {
        Hello = new Hello
        {
            Version = 1,
            Agent = 0x0102030405060708,
            Name = "kitchen",
            Slots = 4,
            FuelPerSecond = 1.5e9,
            MemoryBytes = 1L << 30,
            Software = "ptorrent 0.1.0",
        },
    };

    public static Frame HelloWithHoldings()
    {
        Frame frame = Hello();
        frame.Hello.Holdings.Add(new Holding { Lease = 7, Epoch = 2, Job = Job, Begin = 12, End = 20 });
        frame.Hello.Holdings.Add(new Holding { Lease = 9, Epoch = 2, Job = 5, Begin = 0, End = 1 });
        return frame;
    }

    public static Frame Welcome() =>
        new() { Welcome = new Welcome { Version = 1, Harbor = 0xA0B0C0D0E0F00010, Name = "home" } };

    public static Frame Window(long fuel = 20_000_000_000) => new() { Window = new Window { Fuel = fuel } };

    public static JobDescription Description()
    {
        JobDescription description = new()
        {
            Kind = 2,
            Program = Digest(0x11),
            ProgramBytes = 1234,
            ProgramName = "primes.wasm",
            Mode = 1,
            Combine = 4,
            FuelMax = 1_000_000,
            MemoryBytesMax = 1 << 20,
            TimeMicrosecondsMax = 60_000_000,
            OutputBytesMax = 4096,
            Seed = Digest(0x22),
        };
        description.Arguments.Add(["--from", "{begin}"]);
        description.Parameters.Add(new Parameter { Key = "depth", Value = "7" });
        return description;
    }

    public static Frame Grant(
        long lease = 7,
        long begin = 10,
        long end = 20,
        bool described = true,
        ulong job = Job) => new()
    {
        Grant = new Grant
        {
            Lease = lease,
            Epoch = 3,
            Job = job,
            Begin = begin,
            End = end,
            FuelEstimate = 5_000_000,
            Description = described ? Description() : null,
        },
    };

    public static Frame GrantThatResumes(
        long lease = 30, long resumes = 7, long begin = 12, long end = 18, ulong job = Job)
    {
        Frame frame = Grant(lease, begin, end, described: true, job);
        frame.Grant.Resumes = resumes;
        return frame;
    }

    public static Frame GrantOfFiles()
    {
        Frame frame = Grant(lease: 8, begin: 0, end: 2, described: false);
        frame.Grant.Inputs.Add(new Input { Name = "a.png", Digest = Digest(0x33), SizeBytes = 70_000 });
        frame.Grant.Inputs.Add(new Input { Name = "b.png", Digest = Digest(0x44), SizeBytes = 0 });
        return frame;
    }

    public static Frame GrantOfParts()
    {
        Frame frame = Grant(lease: 9, begin: 0, end: 30, described: false);
        frame.Grant.Parts.Add(new Part { Begin = 0, End = 10, Inline = ByteString.CopyFromUtf8("left") });
        frame.Grant.Parts.Add(
            new Part { Begin = 10, End = 30, Blob = new Blob { Digest = Digest(0x55), SizeBytes = 100_000 } });
        return frame;
    }

    public static Frame Commit(long lease = 7, long upto = 15, int epoch = 3) => new()
    {
        Commit = new Commit
        {
            Lease = lease,
            Epoch = epoch,
            Upto = upto,
            Fuel = 2_500_000,
            BusyMicroseconds = 40_000,
            Inline = ByteString.CopyFromUtf8("8"),
        },
    };

    public static Frame CommitOfBlob()
    {
        Frame frame = Commit();
        frame.Commit.Blob = new Blob { Digest = Digest(0x66), SizeBytes = 65_537 };
        return frame;
    }

    public static Frame Receipt(long lease = 7, long upto = 15) =>
        new() { Receipt = new Receipt { Prefixes = { new LeasePrefix { Lease = lease, Upto = upto } } } };

    public static Frame ReceiptOfTwo()
    {
        Frame frame = Receipt();
        frame.Receipt.Prefixes.Add(new LeasePrefix { Lease = 8, Upto = 2 });
        return frame;
    }

    public static Frame Revoke(long lease = 7, long from = 16) =>
        new() { Revoke = new Revoke { Lease = lease, From = from } };

    public static Frame Keep(long lease = 7, long from = 18) =>
        new() { Keep = new Keep { Lease = lease, From = from } };

    public static Frame Cancel(long lease = 7) => new() { Cancel = new Cancel { Lease = lease } };

    public static Frame Nack(long lease = 7) => new()
    {
        Nack = new Nack { Lease = lease, Epoch = 3, Reason = NackReason.NackStopping, Detail = "The lid was closed." },
    };

    public static Frame NackOfFailure(long lease = 7, long index = 12) => new()
    {
        Nack = new Nack
        {
            Lease = lease,
            Epoch = 3,
            Reason = NackReason.NackProgramFailed,
            Failure = new ProgramFailure { Index = index, Trap = 6, Message = "unreachable", Fuel = 99 },
        },
    };

    public static IEnumerable<(string Name, Frame Frame)> All() =>
    [
        ("hello", Hello()),
        ("hello-holdings", HelloWithHoldings()),
        ("welcome", Welcome()),
        ("window", Window()),
        ("grant", Grant()),
        ("grant-resumes", GrantThatResumes()),
        ("grant-files", GrantOfFiles()),
        ("grant-parts", GrantOfParts()),
        ("commit", Commit()),
        ("commit-blob", CommitOfBlob()),
        ("receipt", ReceiptOfTwo()),
        ("revoke", Revoke()),
        ("keep", Keep()),
        ("cancel", Cancel()),
        ("nack", Nack()),
        ("nack-failure", NackOfFailure()),
    ];
}
