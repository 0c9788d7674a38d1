using System.Diagnostics;
using System.Text;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;

namespace Ptorrent.Sandbox.Frames;

/// <summary>Encodes what is said to an executor, docs/protocol/executor.md. Pure.</summary>
internal static class FrameEncoder
{
    private const int RunFixedBytes = 41;
    private const int MergeFixedBytes = 24;

    /// <summary>Appends one frame.</summary>
    internal static void Write(FrameBuffer buffer, AgentFrame frame)
    {
        switch (frame)
        {
            case AgentFrame.Run run:
                WriteRun(buffer, run);
                break;
            case AgentFrame.Merge merge:
                WriteMerge(buffer, merge);
                break;
            case AgentFrame.Load load:
                WriteLoad(buffer, load);
                break;
            case AgentFrame.Unload unload:
                buffer.Begin(FrameType.Unload);
                buffer.WriteUInt32(unload.Program);
                buffer.End();
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>The body of a run's frame, in bytes.</summary>
    internal static long BodyBytes(RunRequest request)
    {
        long bytes = RunFixedBytes + (request.Lines is { } lines ? 4 + (long)lines.Length : 0);
        foreach (RunInput input in request.Inputs)
        {
            bytes += 8 + Encoding.UTF8.GetByteCount(input.Name) + (long)input.Content.Length;
        }

        return bytes;
    }

    /// <summary>The body of a merge's frame, in bytes.</summary>
    internal static long BodyBytes(MergeRequest request)
    {
        long bytes = MergeFixedBytes;
        foreach (ReadOnlyMemory<byte> part in request.Parts)
        {
            bytes += 4 + (long)part.Length;
        }

        return bytes;
    }

    /// <summary>The number of a kind on the wire.</summary>
    internal static byte NumberOf(ProgramKind kind) => kind switch
    {
        ProgramKind.Wasi => 1,
        ProgramKind.Kernel => 2,
        ProgramKind.Script => 3,
        _ => throw new UnreachableException(),
    };

    private static void WriteLoad(FrameBuffer buffer, AgentFrame.Load load)
    {
        ProgramLoad program = load.Content.Load;
        buffer.Begin(FrameType.Load);
        buffer.WriteUInt32(load.Program);
        buffer.WriteByte(NumberOf(program.Kind));
        buffer.WriteByte(program.Mode == RunMode.Range ? (byte)1 : (byte)2);
        buffer.WriteByte((byte)program.Combine);
        buffer.WriteUInt32((uint)program.TopCount);
        buffer.WriteUInt64((ulong)program.Limits.OutputBytesMax);
        buffer.WriteRaw(program.Seed.Span);
        buffer.WriteText(program.Name);
        buffer.WriteUInt32((uint)program.Arguments.Length);
        foreach (string argument in program.Arguments)
        {
            buffer.WriteText(argument);
        }

        buffer.WriteUInt32((uint)program.Parameters.Count);
        foreach ((string key, string value) in program.Parameters)
        {
            buffer.WriteText(key);
            buffer.WriteText(value);
        }

        buffer.WriteBytes(load.Code);
        buffer.End();
    }

    private static void WriteRun(FrameBuffer buffer, AgentFrame.Run run)
    {
        buffer.Begin(FrameType.Run);
        buffer.WriteUInt64(run.Number);
        buffer.WriteUInt32(run.Program);
        buffer.WriteUInt64((ulong)run.Request.Range.Begin);
        buffer.WriteUInt64((ulong)run.Request.Range.End);
        buffer.WriteUInt64((ulong)run.FuelMax);
        buffer.WriteUInt32((uint)run.Request.Inputs.Length);
        foreach (RunInput input in run.Request.Inputs)
        {
            buffer.WriteText(input.Name);
            buffer.WriteBytes(input.Content);
        }

        buffer.WriteByte(run.Request.Lines is null ? (byte)0 : (byte)1);
        if (run.Request.Lines is { } lines)
        {
            buffer.WriteBytes(lines);
        }

        buffer.End();
    }

    private static void WriteMerge(FrameBuffer buffer, AgentFrame.Merge merge)
    {
        buffer.Begin(FrameType.Merge);
        buffer.WriteUInt64(merge.Number);
        buffer.WriteUInt32(merge.Program);
        buffer.WriteUInt64((ulong)merge.FuelMax);
        buffer.WriteUInt32((uint)merge.Request.Parts.Length);
        foreach (ReadOnlyMemory<byte> part in merge.Request.Parts)
        {
            buffer.WriteBytes(part);
        }

        buffer.End();
    }
}
