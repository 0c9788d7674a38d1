using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Instructions;

/// <summary>Takes instructions off the front of a function's code or of a constant expression.</summary>
internal static class InstructionReader
{
    private const byte PrefixMisc = 0xFC;
    private const byte PrefixVector = 0xFD;
    private const byte PrefixAtomic = 0xFE;
    private const byte PrefixGc = 0xFB;
    private const int MultiMemoryBit = 0x40;

    /// <summary>Reads one instruction with its immediates.</summary>
    /// <exception cref="WasmException">There is no such instruction, it belongs to a feature that is not offered, or an
    /// immediate is malformed.</exception>
    public static void Read(ref ModuleReader reader, out Instruction instruction)
    {
        instruction = default;
        instruction.Start = reader.Position;
        byte code = reader.ReadByte();
        instruction.Opcode = code < PrefixGc ? (Opcode)code : ReadPrefixed(ref reader, code, instruction.Start);
        OpcodeInfo info = OpcodeTable.Find(instruction.Opcode) ?? throw NoInstruction(code, instruction.Start);
        if (info.Immediate != Immediate.None)
        {
            ReadImmediates(ref reader, info, ref instruction);
        }

        instruction.End = reader.Position;
    }

    private static Opcode ReadPrefixed(ref ModuleReader reader, byte prefix, int at)
    {
        if (prefix == PrefixAtomic)
        {
            throw ModuleReader.Unsupported(at, "atomic instructions belong to threads, which are not offered");
        }

        if (prefix is not (PrefixMisc or PrefixVector))
        {
            throw NoInstruction(prefix, at);
        }

        uint code = reader.ReadU32();
        if (prefix == PrefixVector && code is >= 0x100 and <= 0x113)
        {
            throw ModuleReader.Unsupported(
                at, "relaxed vector instructions differ from machine to machine and are not offered");
        }

        int bank = prefix == PrefixMisc ? 0x100 : 0x200;
        if (code > 0xFF || OpcodeTable.Find((Opcode)(bank + (int)code)) is null)
        {
            throw ModuleReader.Malformed(at, $"there is no instruction 0x{prefix:x2} 0x{code:x2}");
        }

        return (Opcode)(bank + (int)code);
    }

    private static WasmException NoInstruction(byte code, int at) => code switch
    {
        0x06 or 0x07 or 0x08 or 0x09 or 0x0A or 0x18 or 0x19 or 0x1F =>
            ModuleReader.Unsupported(at, "exception handling is not offered"),
        0x12 or 0x13 => ModuleReader.Unsupported(at, "tail calls are not offered"),
        0x14 or 0x15 or PrefixGc or 0xD3 or 0xD4 or 0xD5 or 0xD6 =>
            ModuleReader.Unsupported(at, "typed references and garbage collection are not offered"),
        _ => ModuleReader.Malformed(at, $"there is no instruction 0x{code:x2}"),
    };

    private static void ReadImmediates(ref ModuleReader reader, OpcodeInfo info, ref Instruction instruction)
    {
        switch (info.Immediate)
        {
            case Immediate.BlockType:
                instruction.First = ReadBlockType(ref reader);
                break;
            case Immediate.Label or Immediate.Function or Immediate.Local or Immediate.Global or Immediate.Table
                or Immediate.Data or Immediate.Element:
                instruction.First = ReadIndex(ref reader);
                break;
            case Immediate.TypeAndTable or Immediate.TwoTables or Immediate.ElementAndTable:
                instruction.First = ReadIndex(ref reader);
                instruction.Second = ReadIndex(ref reader);
                break;
            case Immediate.DataAndMemory:
                instruction.First = ReadIndex(ref reader);
                ReadMemoryIndex(ref reader);
                break;
            case Immediate.Memory:
                ReadMemoryIndex(ref reader);
                break;
            case Immediate.TwoMemories:
                ReadMemoryIndex(ref reader);
                ReadMemoryIndex(ref reader);
                break;
            case Immediate.MemoryArgument:
                ReadMemoryArgument(ref reader, info, ref instruction);
                break;
            case Immediate.MemoryArgumentAndLane:
                ReadMemoryArgument(ref reader, info, ref instruction);
                instruction.Second = ReadLane(ref reader, info.LaneCount);
                break;
            case Immediate.Lane:
                instruction.Second = ReadLane(ref reader, info.LaneCount);
                break;
            case Immediate.Shuffle:
                for (int lane = 0; lane < 16; lane++)
                {
                    ReadLane(ref reader, 32);
                }

                break;
            case Immediate.I32:
                instruction.First = reader.ReadS32();
                break;
            case Immediate.I64:
                reader.ReadS64();
                break;
            default:
                ReadLists(ref reader, info.Immediate, ref instruction);
                break;
        }
    }

    private static void ReadLists(ref ModuleReader reader, Immediate immediate, ref Instruction instruction)
    {
        switch (immediate)
        {
            case Immediate.Labels:
                instruction.First = reader.ReadCount(WasmLimits.LabelCountMax, "labels of a br_table");
                instruction.ListStart = reader.Position;
                for (int label = 0; label <= instruction.First; label++)
                {
                    reader.ReadU32();
                }

                break;
            case Immediate.Types:
                instruction.First = reader.ReadCount(WasmLimits.ResultCountMax, "types of a select");
                instruction.ListStart = reader.Position;
                for (int type = 0; type < instruction.First; type++)
                {
                    WasmTypes.Read(ref reader);
                }

                break;
            case Immediate.ReferenceType:
                instruction.First = (int)WasmTypes.ReadReference(ref reader);
                break;
            case Immediate.F32 or Immediate.F64 or Immediate.V128:
                instruction.ListStart = reader.Position;
                reader.ReadBytes(immediate switch { Immediate.F32 => 4, Immediate.F64 => 8, _ => 16 });
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static int ReadBlockType(ref ModuleReader reader)
    {
        int at = reader.Position;
        long type = reader.ReadS33();
        if (type is >= 0 and <= int.MaxValue)
        {
            return (int)type;
        }

        // A negative number is a value type's code or "empty" (-64) as a signed 7-bit number, and must be one byte
        // long.
        if (reader.Position != at + 1)
        {
            throw ModuleReader.Malformed(at, "malformed block type");
        }

        if (type != BlockTypes.Empty)
        {
            ModuleReader again = reader.Back(at);
            WasmTypes.Read(ref again);
        }

        return (int)type;
    }

    private static int ReadIndex(ref ModuleReader reader)
    {
        int at = reader.Position;
        uint index = reader.ReadU32();
        return index <= int.MaxValue ? (int)index : throw ModuleReader.Malformed(at, $"there is no index {index}");
    }

    private static void ReadMemoryIndex(ref ModuleReader reader)
    {
        int at = reader.Position;
        if (reader.ReadByte() != 0)
        {
            throw ModuleReader.Unsupported(at, "there is only one memory, number 0");
        }
    }

    private static void ReadMemoryArgument(ref ModuleReader reader, OpcodeInfo info, ref Instruction instruction)
    {
        int at = reader.Position;
        uint alignment = reader.ReadU32();
        if (alignment is >= MultiMemoryBit and < 2 * MultiMemoryBit)
        {
            throw ModuleReader.Unsupported(at, "several memories are not offered");
        }

        if (alignment > (uint)info.AlignmentMax)
        {
            throw ModuleReader.Malformed(at, $"{info.Name} has a larger alignment than its access");
        }

        instruction.First = (int)alignment;
        reader.ReadU32();
    }

    private static int ReadLane(ref ModuleReader reader, int laneCount)
    {
        int at = reader.Position;
        byte lane = reader.ReadByte();
        return lane < laneCount ? lane : throw ModuleReader.Malformed(at, $"there is no lane {lane}");
    }
}
