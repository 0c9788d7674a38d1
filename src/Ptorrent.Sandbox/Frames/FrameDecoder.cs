using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Sandbox.Frames;

/// <summary>Decodes what an executor sends, docs/protocol/executor.md. Pure.</summary>
internal static class FrameDecoder
{
    private const int MessageBytesMax = ProgramFailure.MessageCharactersMax * 4;
    private const int EngineBytesMax = 200;

    /// <summary>Reads one frame. A segment is a slice of <paramref name="body"/>.</summary>
    /// <param name="type">The header's type.</param>
    /// <param name="body">The whole body; the frame keeps it.</param>
    /// <exception cref="FrameException">The body is no such frame.</exception>
    internal static ExecutorFrame Read(byte type, ReadOnlyMemory<byte> body)
    {
        BodyReader reader = new(body);
        ExecutorFrame frame = type switch
        {
            FrameType.Ready => new ExecutorFrame.Ready(reader.ReadUInt32(), Shown(reader.ReadText(EngineBytesMax))),
            FrameType.Loaded => new ExecutorFrame.Loaded(reader.ReadUInt32(), ReadFlag(ref reader)),
            FrameType.Refused => new ExecutorFrame.Refused(
                reader.ReadUInt32(), ReadTrap(ref reader), ReadMessage(ref reader)),
            FrameType.Done => ReadDone(ref reader),
            FrameType.Failed => ReadFailed(ref reader),
            _ => throw new FrameException($"it sent a frame of the unknown type {type}"),
        };
        reader.End();
        return frame;
    }

    private static ExecutorFrame.Done ReadDone(ref BodyReader reader)
    {
        ulong run = reader.ReadUInt64();
        Fuel burnt = new(reader.ReadInt63("fuel"));
        return new ExecutorFrame.Done(run, burnt, ReadTime(ref reader), reader.ReadBytes());
    }

    private static ExecutorFrame.Failed ReadFailed(ref BodyReader reader)
    {
        ulong run = reader.ReadUInt64();
        long index = reader.ReadInt63("an index");
        TrapCode trap = ReadTrap(ref reader);
        Fuel burnt = new(reader.ReadInt63("fuel"));
        TimeSpan time = ReadTime(ref reader);
        return new ExecutorFrame.Failed(run, index, trap, burnt, time, ReadMessage(ref reader));
    }

    private static bool ReadFlag(ref BodyReader reader) => reader.ReadByte() switch
    {
        0 => false,
        1 => true,
        byte other => throw new FrameException($"it sent {other} where 0 or 1 is allowed"),
    };

    // What ends a process (the time limit, a crash) is for this side to find out, never for the executor to say.
    private static TrapCode ReadTrap(ref BodyReader reader)
    {
        TrapCode trap = (TrapCode)reader.ReadByte();
        return trap is > TrapCode.Unknown and <= TrapCode.BadOutput
            and not TrapCode.TimeExhausted and not TrapCode.ProcessCrashed
            ? trap
            : throw new FrameException($"it sent the trap code {(int)trap}");
    }

    private static TimeSpan ReadTime(ref BodyReader reader)
    {
        ulong microseconds = reader.ReadUInt64();
        return microseconds <= (ulong)(TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond)
            ? TimeSpan.FromTicks((long)microseconds * TimeSpan.TicksPerMicrosecond)
            : throw new FrameException($"it sent a time of {microseconds} microseconds");
    }

    private static string ReadMessage(ref BodyReader reader)
    {
        string text = Shown(reader.ReadText(MessageBytesMax));
        return text.Length <= ProgramFailure.MessageCharactersMax
            ? text
            : throw new FrameException($"it sent a message of {text.Length} characters");
    }

    /// <summary>A program's words end on terminals and pages: control characters other than line ends and tabs are
    /// shown as what they are not, the replacement character.</summary>
    internal static string Shown(string text) =>
        text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0
            ? text
            : string.Create(text.Length, text, static (span, source) =>
            {
                for (int i = 0; i < span.Length; i++)
                {
                    char c = source[i];
                    span[i] = char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c;
                }
            });
}
