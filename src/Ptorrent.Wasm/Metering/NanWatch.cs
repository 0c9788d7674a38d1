using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Writes the instructions that find out whether one function met a NaN, for the price of one addition a value: each is
/// added to a sum, and a sum with a NaN in it stays one. Opposite infinities make one as well; such a false alarm costs
/// time, no more. Where the sums are checked, a NaN traps.
/// </summary>
internal sealed class NanWatch(
    CodeEmitter code, ExtraLocals extra, IEnumerable<(WasmType Type, NanState State)> added)
{
    private const int BodyBytesMax = 32 << 10, LocalCountMax = 10_000, DemandedTotalMax = 10_000;
    private const int ValueLocal = 8, FirstSumLocal = 9;

    private static readonly Kind[] Kinds =
    [
        new(WasmType.F64, NanState.Loose, 0, Opcode.F64Add, Opcode.F64Le),
        new(WasmType.F32, NanState.Loose, 0, Opcode.F32Add, Opcode.F32Le),
        new(WasmType.V128, NanState.LooseLanes64, 0, Opcode.F64x2Add, Opcode.F64x2Ne),
        new(WasmType.V128, NanState.LooseLanes32, 1, Opcode.F32x4Add, Opcode.F32x4Ne),
    ];

    // A function needs one or two of them, so lists are searched.
    private readonly List<Kind> _used = [.. added.Select(a => KindOf(a.Type, a.State))];
    private readonly List<Kind> _begun = [];
    private bool _isUnchecked;

    /// <summary>
    /// Whether a function's NaNs are watched for. Where that might make it larger than a module's limits allow, or
    /// would hide that making its NaNs alike does, they are made alike at once: what is refused must not depend on
    /// it.</summary>
    public static bool Suits(NanFlow flow, int bodyBytes, int localCount) =>
        flow.DemandedTotal is > 0 and <= DemandedTotalMax && bodyBytes <= BodyBytesMax && localCount <= LocalCountMax;

    /// <summary>
    /// Adds the operand on top, and leaves it there. Values of code without branches have a sum of their own, so that
    /// one round of a loop waits for the round before it only once.
    /// </summary>
    public void Add(WasmType type, NanState state)
    {
        Kind kind = KindOf(type, state);
        _isUnchecked = true;
        if (!_begun.Contains(kind))
        {
            _begun.Add(kind);
            code.LocalTee(Begun(kind));
            return;
        }

        int value = extra.Take(type, ValueLocal);
        code.LocalTee(value);
        Add(kind, Begun(kind), value);
    }

    /// <summary>To be called before paths part or meet.</summary>
    public void EndPath()
    {
        foreach (Kind kind in _begun)
        {
            Add(kind, Sum(kind), Begun(kind));
        }

        _begun.Clear();
    }

    /// <summary>To be called where paths have met: on one of them something may have been added.</summary>
    public void Meet() => _isUnchecked = _used.Count > 0;

    /// <summary>Traps where a NaN was added.</summary>
    /// <param name="startsAnew">Whether to forget the sums, so that the engine need not keep them over a call.</param>
    public void Check(bool startsAnew)
    {
        EndPath();
        foreach (Kind kind in _isUnchecked ? _used : [])
        {
            code.Op(Opcode.LocalGet, Sum(kind));
            code.Op(Opcode.LocalGet, Sum(kind));
            code.Op(kind.Compare);
            code.Op(kind.Type == WasmType.V128 ? Opcode.V128AnyTrue : Opcode.I32Eqz);
            code.TrapUnlikely();
            if (startsAnew)
            {
                code.Zero(kind.Type);
                code.Op(Opcode.LocalSet, Sum(kind));
            }
        }

        _isUnchecked = false;
    }

    private static Kind KindOf(WasmType type, NanState state) =>
        Array.Find(Kinds, kind => kind.Type == type && kind.State == state)
        ?? throw new System.Diagnostics.UnreachableException();

    private int Sum(Kind kind) => extra.Take(kind.Type, FirstSumLocal + (2 * kind.Number));

    private int Begun(Kind kind) => extra.Take(kind.Type, FirstSumLocal + (2 * kind.Number) + 1);

    private void Add(Kind kind, int sum, int value)
    {
        code.Op(Opcode.LocalGet, sum);
        code.Op(Opcode.LocalGet, value);
        code.Op(kind.Add);
        code.Op(Opcode.LocalSet, sum);
    }

    /// <summary>Values that are added up together.</summary>
    /// <param name="Type">Their type.</param>
    /// <param name="State">What is known of them.</param>
    /// <param name="Number">Tells kinds of the same type apart.</param>
    /// <param name="Add">Adds two.</param>
    /// <param name="Compare">Of a value with itself: a scalar that is no NaN, lanes that are one.</param>
    private sealed record Kind(WasmType Type, NanState State, int Number, Opcode Add, Opcode Compare);
}
