using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Instructions;

/// <summary>One instruction, as the table describes it.</summary>
/// <param name="Name">As in the text format; empty where there is no such instruction.</param>
/// <param name="IsByHand">Whether its operands depend on more than its opcode.</param>
/// <param name="Operands">Taken, the last one on top.</param>
/// <param name="Result">Given, <see cref="WasmType.None"/> for nothing.</param>
/// <param name="Immediate">What follows the opcode.</param>
/// <param name="AlignmentMax">Largest alignment of a memory argument, as a power of two.</param>
/// <param name="LaneCount">Lanes that a lane immediate may name.</param>
/// <param name="Weight">Fuel.</param>
internal sealed record OpcodeInfo(
    string Name,
    bool IsByHand,
    WasmType[] Operands,
    WasmType Result,
    Immediate Immediate,
    int AlignmentMax,
    int LaneCount,
    int Weight);
