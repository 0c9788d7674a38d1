using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Validation;

/// <summary>Reads the declarations of locals in front of a function's code.</summary>
internal static class LocalsReader
{
    /// <summary>Fills <paramref name="locals"/> with the types of parameters and locals. The count is checked before
    /// the list grows.</summary>
    public static void Read(ref ModuleReader reader, FunctionType type, List<WasmType> locals)
    {
        locals.Clear();
        locals.AddRange(type.Parameters.AsSpan());
        int groups = reader.ReadCount(int.MaxValue, "groups of locals");
        for (int group = 0; group < groups; group++)
        {
            int at = reader.Position;
            uint count = reader.ReadU32();
            if (count > WasmLimits.LocalCountMax || locals.Count + (int)count > WasmLimits.LocalCountMax)
            {
                throw ModuleReader.Unsupported(at, $"a function has more than {WasmLimits.LocalCountMax} locals");
            }

            WasmType local = WasmTypes.Read(ref reader);
            for (uint index = 0; index < count; index++)
            {
                locals.Add(local);
            }
        }
    }
}
