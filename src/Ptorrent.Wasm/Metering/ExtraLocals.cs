using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Metering;

/// <summary>The locals that the rewrite adds to a function, behind those that it has.</summary>
internal sealed class ExtraLocals
{
    /// <summary>The number of the first local in which an operand is put aside.</summary>
    public const int FirstAside = 16;

    private readonly Dictionary<(WasmType Type, int Number), int> _indices = [];
    private readonly List<(WasmType Type, int Number)> _taken = [];
    private int _first;

    public int Count => _taken.Count;

    public void Reset(int localCount)
    {
        _taken.Clear();
        _indices.Clear();
        _first = localCount;
    }

    /// <summary>The index of the extra local of this type with this number: the same each time it is asked
    /// for.</summary>
    public int Take(WasmType type, int number)
    {
        if (!_indices.TryGetValue((type, number), out int index))
        {
            index = _taken.Count;
            _indices.Add((type, number), index);
            _taken.Add((type, number));
        }

        return _first + index;
    }

    public void Write(ModuleWriter output)
    {
        foreach ((WasmType type, int _) in _taken)
        {
            output.WriteU32(1);
            output.WriteByte((int)type);
        }
    }
}
