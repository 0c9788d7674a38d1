using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Validation;

/// <summary>The expressions that initialise globals, elements and offsets: one constant and an end.</summary>
internal static class ConstantExpression
{
    /// <summary>Reads one that gives a <paramref name="expected"/>.</summary>
    /// <exception cref="WasmException">It is no constant expression, or gives another type. A global cannot be read
    /// here: only imported ones could be, and globals cannot be imported.</exception>
    public static void Read(ref ModuleReader reader, WasmModule module, WasmType expected)
    {
        InstructionReader.Read(ref reader, out Instruction instruction);
        WasmType type = instruction.Opcode switch
        {
            Opcode.I32Const => WasmType.I32,
            Opcode.I64Const => WasmType.I64,
            Opcode.F32Const => WasmType.F32,
            Opcode.F64Const => WasmType.F64,
            Opcode.V128Const => WasmType.V128,
            Opcode.RefNull => (WasmType)instruction.First,
            Opcode.RefFunc => ReadFunction(module, instruction),
            Opcode.GlobalGet => throw ModuleReader.Unsupported(
                instruction.Start, "a constant expression reads a global, which must be imported, and none can be"),
            _ => throw ModuleReader.Malformed(
                instruction.Start, $"{OpcodeTable.Of(instruction.Opcode).Name} is no constant"),
        };
        if (type != expected)
        {
            throw ModuleReader.Malformed(
                instruction.Start, $"a constant of {WasmTypes.Name(type)} where {WasmTypes.Name(expected)} is needed");
        }

        InstructionReader.Read(ref reader, out Instruction end);
        if (end.Opcode != Opcode.End)
        {
            throw ModuleReader.Unsupported(end.Start, "a constant expression is longer than one constant");
        }
    }

    private static WasmType ReadFunction(WasmModule module, in Instruction instruction)
    {
        if (instruction.First >= module.FunctionTypes.Count)
        {
            throw ModuleReader.Malformed(instruction.Start, $"there is no function {instruction.First}");
        }

        module.ReferencedFunctions.Add(instruction.First);
        return WasmType.FunctionReference;
    }
}
