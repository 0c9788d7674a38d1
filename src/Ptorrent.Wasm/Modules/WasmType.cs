namespace Ptorrent.Wasm.Modules;

/// <summary>The types of values, numbered as in the binary format.</summary>
public enum WasmType : byte
{
    /// <summary>No type: in unreachable code, a value that may have any.</summary>
    None = 0,

    /// <summary>A reference to something of the host.</summary>
    ExternReference = 0x6F,

    /// <summary>A reference to a function.</summary>
    FunctionReference = 0x70,

    /// <summary>128 bits of lanes.</summary>
    V128 = 0x7B,

    /// <summary>A 64-bit float.</summary>
    F64 = 0x7C,

    /// <summary>A 32-bit float.</summary>
    F32 = 0x7D,

    /// <summary>A 64-bit integer.</summary>
    I64 = 0x7E,

    /// <summary>A 32-bit integer.</summary>
    I32 = 0x7F,
}
