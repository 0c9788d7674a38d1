using Google.Protobuf;
using Ptorrent.Link.Frames;
using Ptorrent.Simulation.Core;

namespace Ptorrent.Simulation.Nodes;

/// <summary>What agents do that an honest one would not.</summary>
internal sealed class Mischief
{
    private const int RememberedCountMax = 200;

    private readonly List<Frame> _commits = [];

    /// <summary>Makes up a result of the same kind and size, where this agent lies.</summary>
    public static ReadOnlyMemory<byte> Lie(AgentNode node, ReadOnlyMemory<byte> segment)
    {
        if (node.Options.Temperament != Temperament.Lying || !node.Misbehaves || !node.Dice.Happens(0.5))
        {
            return segment;
        }

        byte[] lie = segment.ToArray();
        for (int i = 0; i < lie.Length; i++)
        {
            // Digits become other digits and all else something else: numbers stay numbers, columns stay columns.
            lie[i] = lie[i] is >= (byte)'0' and <= (byte)'9' ? (byte)('1' + node.Dice.Between(0, 8))
                : lie[i] is (byte)' ' or (byte)'-' ? lie[i]
                : (byte)node.Dice.Between(0, 255);
        }

        return lie;
    }

    /// <summary>Keeps a commit, where this agent will send it again.</summary>
    public static void Remember(AgentNode node, Frame commit)
    {
        if (node.Options.Temperament == Temperament.Replaying)
        {
            Mischief mischief = node.Mischief;
            if (mischief._commits.Count == RememberedCountMax)
            {
                mischief._commits.RemoveAt(0);
            }

            mischief._commits.Add(commit);
        }
    }

    /// <summary>An old commit; null where there is none.</summary>
    public byte[]? Replay(Dice dice) =>
        _commits.Count == 0 ? null : _commits[dice.Between(0, _commits.Count - 1)].ToByteArray();

    /// <summary>A commit of an earlier life of the harbor, of a lease that had the same number as one of now; null
    /// where there is none.</summary>
    public byte[]? ReplayFor(Grant grant) =>
        _commits.FindLast(c => c.Commit.Lease == grant.Lease && c.Commit.Epoch < grant.Epoch)?.ToByteArray();

    /// <summary>Bytes that break a rule of the link, or only look as if.</summary>
    public static byte[] Nonsense(Dice dice)
    {
        long lease = dice.Between(1L, 40L);
        Frame frame = dice.Between(0, 10) switch
        {
            0 => new Frame { Hello = new Hello { Version = 1, Agent = 7, Slots = 1, FuelPerSecond = 1 } },
            1 => new Frame { Grant = new Grant { Lease = lease, End = 5 } },
            2 => new Frame { Cancel = new Cancel { Lease = lease } },
            3 => new Frame { Keep = new Keep { Lease = lease, From = dice.Between(0L, 1000L) } },
            4 => new Frame { Window = new Window { Fuel = dice.Between(-5L, 1L << 40) } },
            5 => new Frame { Commit = new Commit { Lease = lease, Epoch = dice.Between(0, 3), Upto = long.MaxValue } },
            6 => new Frame { Nack = new Nack { Lease = lease, Epoch = dice.Between(0, 3) } },
            7 => new Frame { Commit = new Commit { Lease = lease, Upto = 1, Inline = ByteString.CopyFromUtf8("x") } },
            8 => new Frame(),
            9 => new Frame
            {
                Nack = new Nack
                {
                    Lease = lease,
                    Epoch = dice.Between(0, 3),
                    Reason = NackReason.NackProgramFailed,
                    Failure = new ProgramFailure { Index = dice.Between(0L, 100L), Trap = 7 },
                },
            },
            _ => new Frame { Welcome = new Welcome { Version = 1, Harbor = 1 } },
        };
        byte[] bytes = frame.ToByteArray();
        return dice.Between(0, 4) switch
        {
            0 => dice.Bytes(dice.Between(0, 100)),
            1 => bytes[..dice.Between(0, bytes.Length)],
            _ => bytes,
        };
    }
}
