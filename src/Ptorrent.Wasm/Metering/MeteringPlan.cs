using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>What the rewrite decides about each function before it writes any.</summary>
internal sealed class MeteringPlan
{
    private readonly WasmModule _module;
    private readonly FunctionSummary[] _summaries;
    private readonly HashSet<int> _exported = [];

    public MeteringPlan(WasmModule module, FunctionSummary[] summaries)
    {
        _module = module;
        _summaries = summaries;
        foreach (Export export in module.Exports)
        {
            if (export.Kind == ExternalKind.Function)
            {
                _exported.Add(export.Index);
            }
        }

        Stack = new(module, summaries);
    }

    public StackPlan Stack { get; }

    /// <summary>
    /// What a call pays for a function that is paid whole by its callers and holds no metering itself; 0 for every
    /// other function.</summary>
    public long FlatPriceOf(int function)
    {
        if (function < _module.ImportedFunctionCount || !IsFlat(function))
        {
            return 0;
        }

        return _summaries[function - _module.ImportedFunctionCount].WeightTotal;
    }

    /// <summary>Whether the function is small, without loops, calls and measured instructions, and only called
    /// directly.</summary>
    public bool IsFlat(int function)
    {
        FunctionSummary summary = _summaries[function - _module.ImportedFunctionCount];
        return summary.WeightTotal <= FuelWeights.FlatMax
            && !summary.HasLoop
            && summary.Callees.Count == 0
            && !summary.HasIndirectCall
            && !summary.HasMeasuredInstruction
            && !_module.ReferencedFunctions.Contains(function)
            && _module.StartFunction != function;
    }

    public bool IsExported(int function) => _exported.Contains(function) || _module.StartFunction == function;
}
