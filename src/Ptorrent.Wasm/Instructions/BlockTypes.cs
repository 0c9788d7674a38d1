using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Instructions;

/// <summary>A block's type as one number: an index of a function type, or a negative code.</summary>
internal static class BlockTypes
{
    /// <summary>No parameters, no results: byte 0x40 as a signed 7-bit number.</summary>
    public const int Empty = -64;

    private static readonly WasmType[][] Single = MakeSingle();

    public static ReadOnlySpan<WasmType> Parameters(WasmModule module, int blockType) =>
        blockType >= 0 ? module.Types[blockType].Parameters.AsSpan() : [];

    public static ReadOnlySpan<WasmType> Results(WasmModule module, int blockType) => blockType switch
    {
        >= 0 => module.Types[blockType].Results.AsSpan(),
        Empty => [],
        _ => Single[blockType + 128],
    };

    private static WasmType[][] MakeSingle()
    {
        WasmType[][] types = new WasmType[128][];
        for (int code = 0; code < types.Length; code++)
        {
            types[code] = [(WasmType)code];
        }

        return types;
    }
}
