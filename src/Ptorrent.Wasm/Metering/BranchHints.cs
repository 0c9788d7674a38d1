using Ptorrent.Wasm.Binary;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Collects the custom section <c>metadata.code.branch_hint</c> (WebAssembly branch hinting proposal), which tells
/// engines that know it which branches are hardly ever taken; others pass over it. It changes no result.
/// </summary>
internal sealed class BranchHints
{
    private const string SectionName = "metadata.code.branch_hint";
    private const int FirstCapacity = 256;
    private const int HintBytes = 1;
    private const int Unlikely = 0;

    private readonly ModuleWriter _functions = new(FirstCapacity);
    private int _functionCount;

    /// <summary>Adds a function's hints; offsets count from its code, which begins <paramref name="codeStart"/> bytes
    /// into its body.</summary>
    public void Add(int function, int codeStart, List<int> unlikely)
    {
        if (unlikely.Count == 0)
        {
            return;
        }

        _functionCount++;
        _functions.WriteU32((uint)function);
        _functions.WriteU32((uint)unlikely.Count);
        foreach (int offset in unlikely)
        {
            _functions.WriteU32((uint)(codeStart + offset));
            _functions.WriteU32(HintBytes);
            _functions.WriteByte(Unlikely);
        }
    }

    /// <summary>Writes the section's content; nothing where there are no hints.</summary>
    public void Write(ModuleWriter section)
    {
        if (_functionCount > 0)
        {
            section.WriteName(SectionName);
            section.WriteU32((uint)_functionCount);
            section.WriteBytes(_functions.Written);
        }
    }
}
