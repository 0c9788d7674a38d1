namespace Ptorrent.Wasm.Modules;

/// <summary>A module as it was read: its declarations, and where in its bytes the rest lies.</summary>
internal sealed class WasmModule
{
    private const int SectionCount = 13;

    public List<FunctionType> Types { get; } = [];

    public List<FunctionImport> Imports { get; } = [];

    /// <summary>The type of each function: imported ones first, then those defined here.</summary>
    public List<int> FunctionTypes { get; } = [];

    public List<Table> Tables { get; } = [];

    /// <summary>Empty or one.</summary>
    public List<SizeRange> Memories { get; } = [];

    public List<Global> Globals { get; } = [];

    public List<Export> Exports { get; } = [];

    public int? StartFunction { get; set; }

    /// <summary>The element type of each element segment.</summary>
    public List<WasmType> ElementSegments { get; } = [];

    /// <summary>As the data count section declares it; null where there is none.</summary>
    public int? DeclaredDataCount { get; set; }

    public int DataSegmentCount { get; set; }

    /// <summary>The bodies of the functions defined here: locals and code, without the size in front.</summary>
    public List<ByteRange> Bodies { get; } = [];

    /// <summary>
    /// Functions that exports, element segments or globals name: only these may be named by ref.func in code, and only
    /// these can be called from elsewhere than a direct call.
    /// </summary>
    public HashSet<int> ReferencedFunctions { get; } = [];

    /// <summary>The content of each section; default where it is absent.</summary>
    public ByteRange[] Sections { get; } = new ByteRange[SectionCount];

    public int ImportedFunctionCount => Imports.Count;

    public FunctionType TypeOfFunction(int index) => Types[FunctionTypes[index]];
}
