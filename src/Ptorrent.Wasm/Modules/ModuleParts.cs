namespace Ptorrent.Wasm.Modules;

/// <summary>A function that the host provides.</summary>
internal readonly record struct FunctionImport(string Module, string Name, int TypeIndex, int Offset);

internal readonly record struct Export(string Name, ExternalKind Kind, int Index, int Offset);

/// <summary>How many elements or pages there are at first and at most.</summary>
internal readonly record struct SizeRange(uint Min, uint? Max);

internal readonly record struct Table(WasmType ElementType, SizeRange Size);

internal readonly record struct Global(WasmType Type, bool IsMutable);

/// <summary>A range of the module's bytes.</summary>
internal readonly record struct ByteRange(int Start, int End)
{
    public int Length => End - Start;
}
