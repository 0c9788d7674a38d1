using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Decides which functions count their stack. A function needs not count itself if the functions that call it can count
/// it along: if it is on no cycle of calls that nobody counts, and if it and what it calls without counting stay small
/// together (docs/design/metering.md, "Stack").
/// </summary>
internal sealed class StackPlan
{
    /// <summary>Units of a frame without any slot: return address, frame pointer, the engine's own slots.</summary>
    public const int FrameUnits = 64;

    /// <summary>Units of a slot of eight bytes.</summary>
    public const int SlotUnits = 8;

    /// <summary>Fuel of a function's instructions for each further unit: an optimising compiler keeps values in a frame
    /// that are no locals, the more of them the longer the function is.</summary>
    public const int WeightPerUnit = 24;

    /// <summary>Units that may be in use uncounted.</summary>
    public const int UncountedUnitsMax = 2_048;

    private const byte Unseen = 0;
    private const byte Open = 1;
    private const byte Closed = 2;

    private readonly WasmModule _module;
    private readonly FunctionSummary[] _summaries;
    private readonly bool[] _counts;
    private readonly long[] _units;

    public StackPlan(WasmModule module, FunctionSummary[] summaries)
    {
        _module = module;
        _summaries = summaries;
        _counts = new bool[summaries.Length];
        _units = new long[summaries.Length];
        byte[] states = new byte[summaries.Length];
        for (int root = 0; root < summaries.Length; root++)
        {
            if (states[root] == Unseen)
            {
                Visit(root, states);
            }
        }

        AddIndirectCallees();
    }

    /// <summary>The units that defined function <paramref name="defined"/> takes at its entry; null where others count
    /// it.</summary>
    public int? UnitsOf(int defined) => _counts[defined] ? (int)Math.Min(_units[defined], int.MaxValue) : null;

    // Depth first without recursion: calls in a hostile module may be nested as deep as it has functions.
    private void Visit(int root, byte[] states)
    {
        Stack<(int Function, int NextCallee)> path = new();
        path.Push((root, 0));
        states[root] = Open;
        while (path.TryPop(out (int Function, int NextCallee) step))
        {
            List<int> callees = _summaries[step.Function].Callees;
            if (step.NextCallee == callees.Count)
            {
                Close(step.Function);
                states[step.Function] = Closed;
                continue;
            }

            path.Push((step.Function, step.NextCallee + 1));
            int callee = callees[step.NextCallee] - _module.ImportedFunctionCount;
            if (callee < 0)
            {
                continue;
            }

            if (states[callee] == Open)
            {
                // A cycle closes here: this function counts, so the cycle is bounded.
                _counts[callee] = true;
            }
            else if (states[callee] == Unseen)
            {
                states[callee] = Open;
                path.Push((callee, 0));
            }
        }
    }

    private void Close(int defined)
    {
        FunctionSummary summary = _summaries[defined];
        long uncounted = 0;
        foreach (int function in summary.Callees)
        {
            int callee = function - _module.ImportedFunctionCount;
            if (callee >= 0 && !_counts[callee])
            {
                uncounted = Math.Max(uncounted, _units[callee]);
            }
        }

        long own = FrameUnits + ((long)SlotUnits * summary.FrameSlotCount) + (summary.WeightTotal / WeightPerUnit);
        _units[defined] = own + uncounted;
        _counts[defined] |= summary.HasIndirectCall || _units[defined] > UncountedUnitsMax;
    }

    // Whoever calls through a table may meet any function that is referenced, and counts the largest of those that do
    // not count.
    private void AddIndirectCallees()
    {
        long largest = 0;
        foreach (int function in _module.ReferencedFunctions)
        {
            int defined = function - _module.ImportedFunctionCount;
            if (defined >= 0 && !_counts[defined])
            {
                largest = Math.Max(largest, _units[defined]);
            }
        }

        for (int defined = 0; defined < _units.Length; defined++)
        {
            if (_summaries[defined].HasIndirectCall)
            {
                _units[defined] += largest;
            }
        }
    }
}
