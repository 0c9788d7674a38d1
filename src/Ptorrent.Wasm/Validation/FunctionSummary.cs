namespace Ptorrent.Wasm.Validation;

/// <summary>What the rewrite wants to know of a function before it starts.</summary>
internal sealed class FunctionSummary
{
    /// <summary>Direct calls, each function once, in the order of the first call.</summary>
    public List<int> Callees { get; } = [];

    public bool HasIndirectCall { get; set; }

    public bool HasLoop { get; set; }

    /// <summary>Whether an instruction's fuel depends on an operand: bulk operations and growth.</summary>
    public bool HasMeasuredInstruction { get; set; }

    /// <summary>Whether the bits of a NaN may be seen through it (docs/design/metering.md, "NaN").</summary>
    public bool MayShowNan { get; set; }

    /// <summary>Fuel of all instructions together, calls without what they call.</summary>
    public long WeightTotal { get; set; }

    /// <summary>Slots of eight bytes: parameters, locals and the deepest operand stack; a v128 takes two.</summary>
    public int FrameSlotCount { get; set; }
}
