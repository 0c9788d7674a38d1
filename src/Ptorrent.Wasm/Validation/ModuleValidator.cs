using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Validation;

/// <summary>Reads and validates a whole module.</summary>
internal static class ModuleValidator
{
    /// <summary>The module, and a summary for each function that it defines.</summary>
    /// <exception cref="WasmException">It is malformed, invalid or uses what is not offered.</exception>
    public static (WasmModule Module, FunctionSummary[] Summaries) Validate(ReadOnlySpan<byte> bytes)
    {
        WasmModule module = ModuleParser.Parse(bytes);
        FunctionValidator validator = new(module);
        FunctionSummary[] summaries = new FunctionSummary[module.Bodies.Count];
        for (int defined = 0; defined < summaries.Length; defined++)
        {
            summaries[defined] = validator.Validate(bytes, defined);
        }

        return (module, summaries);
    }
}
