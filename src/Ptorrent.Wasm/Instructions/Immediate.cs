namespace Ptorrent.Wasm.Instructions;

/// <summary>What follows an opcode in the binary format.</summary>
internal enum Immediate : byte
{
    None,
    BlockType,
    Label,
    Labels,
    Function,
    TypeAndTable,
    Types,
    Local,
    Global,
    Table,
    TwoTables,
    Element,
    ElementAndTable,
    Data,
    DataAndMemory,
    Memory,
    TwoMemories,
    MemoryArgument,
    MemoryArgumentAndLane,
    Lane,
    Shuffle,
    ReferenceType,
    I32,
    I64,
    F32,
    F64,
    V128,
}
