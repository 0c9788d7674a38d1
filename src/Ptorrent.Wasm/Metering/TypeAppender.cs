using System.Collections.Immutable;
using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Metering;

/// <summary>Finds types for the blocks that the rewrite adds, and makes new ones behind the module's own.</summary>
internal sealed class TypeAppender
{
    private readonly Dictionary<FunctionType, int> _indices = [];
    private readonly List<FunctionType> _added = [];
    private readonly int _originalCount;

    public TypeAppender(WasmModule module)
    {
        _originalCount = module.Types.Count;
        for (int index = 0; index < module.Types.Count; index++)
        {
            _indices.TryAdd(module.Types[index], index);
        }
    }

    public int Count => _originalCount + _added.Count;

    public IReadOnlyList<FunctionType> Added => _added;

    /// <summary>The type of a block that takes nothing and gives <paramref name="results"/>.</summary>
    public int BlockTypeOf(ImmutableArray<WasmType> results)
    {
        if (results.Length < 2)
        {
            return results.IsEmpty ? BlockTypes.Empty : (int)results[0] - 128;
        }

        FunctionType type = new([], results);
        if (!_indices.TryGetValue(type, out int index))
        {
            index = Count;
            _indices.Add(type, index);
            _added.Add(type);
        }

        return index;
    }

    public void WriteAdded(ModuleWriter output)
    {
        foreach (FunctionType type in _added)
        {
            output.WriteByte(0x60);
            output.WriteU32(0);
            output.WriteU32((uint)type.Results.Length);
            foreach (WasmType result in type.Results)
            {
                output.WriteByte((int)result);
            }
        }
    }
}
