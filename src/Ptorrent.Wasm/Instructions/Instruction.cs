namespace Ptorrent.Wasm.Instructions;

/// <summary>One instruction as it was read.</summary>
internal struct Instruction
{
    /// <summary>What it is.</summary>
    public Opcode Opcode;

    /// <summary>Its first byte in the module.</summary>
    public int Start;

    /// <summary>The byte behind it.</summary>
    public int End;

    /// <summary>The first byte of its labels, types or constant, where it has them.</summary>
    public int ListStart;

    /// <summary>Its first number: index, depth, block type (negative: a value type's code or empty), alignment or
    /// count.</summary>
    public int First;

    /// <summary>Its second number: an index or a lane.</summary>
    public int Second;
}
