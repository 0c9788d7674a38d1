using Ptorrent.Wasm.Instructions;

namespace Ptorrent.Wasm.Validation;

/// <summary>A block that is open.</summary>
internal struct ControlFrame
{
    /// <summary>Block, loop, if, else; the function itself counts as a block.</summary>
    public Opcode Opcode;

    public int BlockType;

    /// <summary>Operands below the block.</summary>
    public int Height;

    /// <summary>Whether what follows cannot be reached: operands below the height may then be taken, of any
    /// type.</summary>
    public bool IsUnreachable;
}
