using Ptorrent.Wasm.Instructions;

namespace Ptorrent.Wasm.Validation;

/// <summary>Where the bits of a float become visible to integers, to memory or to vectors' lanes.</summary>
internal static class FloatEscapes
{
    private static readonly bool[] Escapes = Make();

    public static bool IsEscape(Opcode opcode) => Escapes[(int)opcode];

    private static bool[] Make()
    {
        bool[] escapes = new bool[OpcodeTable.Size];
        foreach (Opcode opcode in (ReadOnlySpan<Opcode>)
            [
                Opcode.F32Store, Opcode.F64Store, Opcode.I32ReinterpretF32, Opcode.I64ReinterpretF64,
                Opcode.F32Copysign, Opcode.F64Copysign, Opcode.F32x4Splat, Opcode.F64x2Splat,
                Opcode.F32x4ReplaceLane, Opcode.F64x2ReplaceLane,
            ])
        {
            escapes[(int)opcode] = true;
        }

        return escapes;
    }
}
