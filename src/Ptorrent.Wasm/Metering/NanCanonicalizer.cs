using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Gives every NaN the same bits where its bits could be seen: engines and processors may choose them (WebAssembly 2.0, section
/// 4.3.3). Scalars are made canonical where they escape, vectors where they are made; see docs/design/metering.md, "NaN".
/// </summary>
internal sealed class NanCanonicalizer
{
    private const uint CanonicalF32 = 0x7FC0_0000;
    private const ulong CanonicalF64 = 0x7FF8_0000_0000_0000;
    private const int FloatLocal = 0;

    private static readonly Opcode[] LaneComparisons = MakeLaneComparisons();

    private bool _hasEscapes;
    private bool _lastIsExact;

    public void Reset(bool hasEscapes)
    {
        _hasEscapes = hasEscapes;
        _lastIsExact = false;
    }

    /// <summary>Tells of the instruction that was written last.</summary>
    public void Note(Opcode opcode) => _lastIsExact = opcode is Opcode.F32Const or Opcode.F64Const or Opcode.F32Load
        or Opcode.F64Load or (>= Opcode.F32ConvertI32S and <= Opcode.F32ConvertI64U)
        or (>= Opcode.F64ConvertI32S and <= Opcode.F64ConvertI64U) or Opcode.F32ReinterpretI32 or Opcode.F64ReinterpretI64
        or Opcode.F32x4ExtractLane or Opcode.F64x2ExtractLane;

    /// <summary>The type of the operand on top whose bits escape in this instruction and may be any NaN's; none otherwise.
    /// </summary>
    public WasmType EscapingType(Opcode opcode)
    {
        if (!_hasEscapes || _lastIsExact || !FloatEscapes.IsEscape(opcode))
        {
            return WasmType.None;
        }

        return opcode is Opcode.F32Store or Opcode.I32ReinterpretF32 or Opcode.F32Copysign or Opcode.F32x4Splat
            or Opcode.F32x4ReplaceLane
            ? WasmType.F32
            : WasmType.F64;
    }

    /// <summary>How the lanes of an instruction's result are compared with themselves; <see cref="Opcode.Unreachable"/> where the
    /// instruction makes no NaN.</summary>
    public static Opcode LaneComparison(Opcode opcode) => LaneComparisons[(int)opcode];

    public static void CanonicalizeTop(CodeEmitter code, ExtraLocals extra, WasmType type)
    {
        int local = extra.Take(type, FloatLocal);
        code.LocalTee(local);
        Span<byte> bits = stackalloc byte[8];
        if (type == WasmType.F32)
        {
            code.Op(Opcode.F32Const);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bits, CanonicalF32);
            code.Bytes(bits[..4]);
        }
        else
        {
            code.Op(Opcode.F64Const);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bits, CanonicalF64);
            code.Bytes(bits);
        }

        code.Op(Opcode.LocalGet, local);
        code.Op(Opcode.LocalGet, local);
        code.Op(type == WasmType.F32 ? Opcode.F32Eq : Opcode.F64Eq);
        code.Op(Opcode.Select);
    }

    public static void CanonicalizeLanes(CodeEmitter code, ExtraLocals extra, Opcode comparison)
    {
        int local = extra.Take(WasmType.V128, FloatLocal);
        code.LocalTee(local);
        code.Op(Opcode.V128Const);
        Span<byte> bits = stackalloc byte[16];
        for (int lane = 0; lane < 16; lane += 8)
        {
            ulong pair = comparison == Opcode.F32x4Eq ? ((ulong)CanonicalF32 << 32) | CanonicalF32 : CanonicalF64;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bits[lane..], pair);
        }

        code.Bytes(bits);
        code.Op(Opcode.LocalGet, local);
        code.Op(Opcode.LocalGet, local);
        code.Op(comparison);
        code.Op(Opcode.V128Bitselect);
    }

    /// <summary>Makes the float arguments of a call to the host canonical.</summary>
    public static void CanonicalizeArguments(CodeEmitter code, ExtraLocals extra, ReadOnlySpan<WasmType> parameters)
    {
        int first = 0;
        while (first < parameters.Length && parameters[first] is not (WasmType.F32 or WasmType.F64))
        {
            first++;
        }

        // Arguments above the lowest float are put aside, each in its own local, and brought back in order.
        for (int index = parameters.Length - 1; index >= first; index--)
        {
            if (parameters[index] is WasmType.F32 or WasmType.F64)
            {
                CanonicalizeTop(code, extra, parameters[index]);
            }

            if (index > first)
            {
                code.Op(Opcode.LocalSet, extra.Take(parameters[index], ArgumentLocal + index));
            }
        }

        for (int index = first + 1; index < parameters.Length; index++)
        {
            code.Op(Opcode.LocalGet, extra.Take(parameters[index], ArgumentLocal + index));
        }
    }

    private const int ArgumentLocal = 16;

    private static Opcode[] MakeLaneComparisons()
    {
        string[] makers = ["ceil", "floor", "trunc", "nearest", "sqrt", "add", "sub", "mul", "div", "min", "max"];
        Opcode[] comparisons = new Opcode[OpcodeTable.Size];
        for (int opcode = 0; opcode < comparisons.Length; opcode++)
        {
            string[] name = (OpcodeTable.Find((Opcode)opcode)?.Name ?? string.Empty).Split('.');
            bool makesNan = name.Length == 2
                && (Array.IndexOf(makers, name[1]) >= 0 || name[1] is "demote_f64x2_zero" or "promote_low_f32x4");
            comparisons[opcode] = (name[0], makesNan) switch
            {
                ("f32x4", true) => Opcode.F32x4Eq,
                ("f64x2", true) => Opcode.F64x2Eq,
                _ => Opcode.Unreachable,
            };
        }

        return comparisons;
    }
}
