using System.Globalization;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Instructions;

/// <summary>All instructions by <see cref="Opcode"/> number.</summary>
internal static class OpcodeTable
{
    /// <summary>Three banks of 256: one byte, prefix 0xFC, prefix 0xFD.</summary>
    public const int Size = 0x300;

    private static readonly OpcodeInfo?[] Infos = Read();

    /// <summary>What is known of <paramref name="opcode"/>; null where there is no such instruction.</summary>
    public static OpcodeInfo? Find(Opcode opcode) => Infos[(int)opcode];

    /// <summary>What is known of an instruction that was read already.</summary>
    public static OpcodeInfo Of(Opcode opcode) => Infos[(int)opcode]!;

    private static OpcodeInfo?[] Read()
    {
        OpcodeInfo?[] infos = new OpcodeInfo?[Size];
        foreach (string rows in (ReadOnlySpan<string>)[CoreInstructions.Rows, VectorInstructions.Rows])
        {
            foreach (string row in rows.Split('\n'))
            {
                string[] columns = row.Split(' ');
                infos[int.Parse(columns[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture)] = ReadRow(columns);
            }
        }

        return infos;
    }

    private static OpcodeInfo ReadRow(string[] columns)
    {
        bool isByHand = columns[2] == "*";
        string[] sides = isByHand ? [string.Empty, string.Empty] : columns[2].Split(':');
        (Immediate immediate, int alignment, int lanes) = ReadImmediate(columns[3]);
        return new(
            columns[1],
            isByHand,
            [.. sides[0].Select(TypeOfLetter)],
            sides[1].Length == 0 ? WasmType.None : TypeOfLetter(sides[1][0]),
            immediate,
            alignment,
            lanes,
            int.Parse(columns[4], CultureInfo.InvariantCulture));
    }

    private static (Immediate Immediate, int AlignmentMax, int LaneCount) ReadImmediate(string text) => text switch
    {
        "-" => (Immediate.None, 0, 0),
        "block" => (Immediate.BlockType, 0, 0),
        "label" => (Immediate.Label, 0, 0),
        "labels" => (Immediate.Labels, 0, 0),
        "function" => (Immediate.Function, 0, 0),
        "indirect" => (Immediate.TypeAndTable, 0, 0),
        "types" => (Immediate.Types, 0, 0),
        "local" => (Immediate.Local, 0, 0),
        "global" => (Immediate.Global, 0, 0),
        "table" => (Immediate.Table, 0, 0),
        "table2" => (Immediate.TwoTables, 0, 0),
        "element" => (Immediate.Element, 0, 0),
        "elementtable" => (Immediate.ElementAndTable, 0, 0),
        "data" => (Immediate.Data, 0, 0),
        "datamemory" => (Immediate.DataAndMemory, 0, 0),
        "memory" => (Immediate.Memory, 0, 0),
        "memory2" => (Immediate.TwoMemories, 0, 0),
        "shuffle" => (Immediate.Shuffle, 0, 0),
        "reftype" => (Immediate.ReferenceType, 0, 0),
        "i32" => (Immediate.I32, 0, 0),
        "i64" => (Immediate.I64, 0, 0),
        "f32" => (Immediate.F32, 0, 0),
        "f64" => (Immediate.F64, 0, 0),
        "v128" => (Immediate.V128, 0, 0),
        ['m', char alignment] => (Immediate.MemoryArgument, alignment - '0', 0),
        ['m', char alignment, 'l', .. string lanes] =>
            (Immediate.MemoryArgumentAndLane, alignment - '0', Number(lanes)),
        ['l', .. string lanes] => (Immediate.Lane, 0, Number(lanes)),
        _ => throw new System.Diagnostics.UnreachableException(text),
    };

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static WasmType TypeOfLetter(char letter) => letter switch
    {
        'i' => WasmType.I32,
        'I' => WasmType.I64,
        'f' => WasmType.F32,
        'F' => WasmType.F64,
        'v' => WasmType.V128,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
