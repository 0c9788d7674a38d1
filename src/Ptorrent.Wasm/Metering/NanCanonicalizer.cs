using System.Buffers.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Writes the instructions that give every NaN the same bits: positive, quiet, the rest zero. A value is looked at
/// where it is needed exact, and only in the rare case that it is a NaN is it replaced, in a branch that engines can
/// lay aside.</summary>
internal static class NanCanonicalizer
{
    private const uint CanonicalF32 = 0x7FC0_0000;
    private const ulong CanonicalF64 = 0x7FF8_0000_0000_0000;
    private const int FloatLocal = 8;

    /// <summary>Makes the operand on top exact.</summary>
    public static void CanonicalizeTop(CodeEmitter code, ExtraLocals extra, WasmType type, NanState state)
    {
        int local = extra.Take(type, FloatLocal);
        code.Op(Opcode.LocalTee, local);
        code.Op(Opcode.LocalGet, local);
        switch (type)
        {
            case WasmType.F32 or WasmType.F64:
                // An ordered comparison is one branch in machine code, where equality would be two.
                code.Op(type == WasmType.F32 ? Opcode.F32Le : Opcode.F64Le);
                code.Op(Opcode.I32Eqz);
                code.OpenUnlikely();
                Constant(code, type);
                break;
            case WasmType.V128:
                bool isWide = state == NanState.LooseLanes64;
                code.Op(isWide ? Opcode.F64x2Ne : Opcode.F32x4Ne);
                code.Op(isWide ? Opcode.I64x2Bitmask : Opcode.I32x4Bitmask);
                code.OpenUnlikely();
                SelectLanes(code, local, isWide);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }

        code.Op(Opcode.LocalSet, local);
        code.End();
        code.Op(Opcode.LocalGet, local);
    }

    private static void SelectLanes(CodeEmitter code, int local, bool isWide)
    {
        code.Op(Opcode.LocalGet, local);
        code.Op(Opcode.V128Const);
        Span<byte> bits = stackalloc byte[16];
        for (int lane = 0; lane < bits.Length; lane += 8)
        {
            ulong pair = isWide ? CanonicalF64 : ((ulong)CanonicalF32 << 32) | CanonicalF32;
            BinaryPrimitives.WriteUInt64LittleEndian(bits[lane..], pair);
        }

        code.Bytes(bits);
        code.Op(Opcode.LocalGet, local);
        code.Op(Opcode.LocalGet, local);
        code.Op(isWide ? Opcode.F64x2Eq : Opcode.F32x4Eq);
        code.Op(Opcode.V128Bitselect);
    }

    private static void Constant(CodeEmitter code, WasmType type)
    {
        Span<byte> bits = stackalloc byte[8];
        if (type == WasmType.F32)
        {
            code.Op(Opcode.F32Const);
            BinaryPrimitives.WriteUInt32LittleEndian(bits, CanonicalF32);
            code.Bytes(bits[..4]);
        }
        else
        {
            code.Op(Opcode.F64Const);
            BinaryPrimitives.WriteUInt64LittleEndian(bits, CanonicalF64);
            code.Bytes(bits);
        }
    }
}
