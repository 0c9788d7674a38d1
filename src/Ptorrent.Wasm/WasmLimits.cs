namespace Ptorrent.Wasm;

/// <summary>
/// What a module may hold at most. Most are the limits that browsers share (WebAssembly JavaScript Interface,
/// "Limits"), so that a module that is taken here also compiles there; the others are named as ours.
/// </summary>
public static class WasmLimits
{
    /// <summary>Bytes of a module. Ours: browsers take 1 GiB.</summary>
    public const int ModuleBytesMax = 256 << 20;

    /// <summary>Bytes of one function's body, before and after the rewrite.</summary>
    public const int BodyBytesMax = 7_654_321;

    /// <summary>Types in a module. Ours: some are kept free for the rewrite.</summary>
    public const int TypeCountMax = 900_000;

    /// <summary>Functions defined in a module.</summary>
    public const int FunctionCountMax = 900_000;

    /// <summary>Imports.</summary>
    public const int ImportCountMax = 100_000;

    /// <summary>Exports. Ours: the rewrite adds three.</summary>
    public const int ExportCountMax = 90_000;

    /// <summary>Globals. Ours: the rewrite adds two.</summary>
    public const int GlobalCountMax = 900_000;

    /// <summary>Tables.</summary>
    public const int TableCountMax = 1_000;

    /// <summary>Elements that a table may ever have. Ours: growth beyond fails.</summary>
    public const int TableElementsMax = 1_000_000;

    /// <summary>Element segments.</summary>
    public const int ElementSegmentCountMax = 100_000;

    /// <summary>Elements of all segments together.</summary>
    public const int ElementCountMax = 10_000_000;

    /// <summary>Data segments.</summary>
    public const int DataSegmentCountMax = 100_000;

    /// <summary>Pages (64 KiB) of a memory: all that 32 bits reach.</summary>
    public const int MemoryPagesHighest = 65_536;

    /// <summary>Parameters of a function, and of a block.</summary>
    public const int ParameterCountMax = 1_000;

    /// <summary>Results of a function, and of a block.</summary>
    public const int ResultCountMax = 1_000;

    /// <summary>Parameters and locals of one function. Ours: browsers take 50,000, and the rewrite adds a
    /// few.</summary>
    public const int LocalCountMax = 49_900;

    /// <summary>Parameters and locals of all functions together. Ours: a few bytes can declare thousands.</summary>
    public const int LocalTotalMax = 20_000_000;

    /// <summary>Operands put on and taken off the stack while a module is validated, for each of its bytes and at
    /// first. Ours: a call with a thousand parameters is two bytes.</summary>
    public const int OperandMovesPerByte = 64, OperandMovesMin = 10_000_000;

    /// <summary>Parameters and locals of one function after the rewrite: what browsers take.</summary>
    public const int RewrittenLocalCountMax = 50_000;

    /// <summary>Targets of one br_table, without its default.</summary>
    public const int LabelCountMax = 65_520;

    /// <summary>Blocks inside each other in one function. Ours.</summary>
    public const int NestingMax = 10_000;

    /// <summary>Values on the operand stack of one function. Ours.</summary>
    public const int OperandCountMax = 100_000;

    /// <summary>Bytes of a name.</summary>
    public const int NameBytesMax = 100_000;
}
