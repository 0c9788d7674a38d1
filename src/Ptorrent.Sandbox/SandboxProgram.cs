using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox.Frames;
using Ptorrent.Sandbox.Programs;

namespace Ptorrent.Sandbox;

/// <summary>
/// A program that was checked and, unless it is a script, metered: made once by <see cref="Sandbox.Prepare"/>, used by
/// all slots and safe for several threads; nothing is to be put away.
/// </summary>
public sealed class SandboxProgram
{
    private readonly Lazy<ProgramForm> _exact;
    private volatile ProgramForm _form;

    /// <summary>A program that has one form.</summary>
    internal SandboxProgram(ProgramLoad load, ReadOnlyMemory<byte> code)
        : this(load, new ProgramForm(code, IsTentative: false), () => code)
    {
    }

    /// <summary>A program that is begun with <paramref name="form"/>; the code of the exact one is made when it is
    /// needed.</summary>
    internal SandboxProgram(ProgramLoad load, ProgramForm form, Func<ReadOnlyMemory<byte>> makeExact)
        : this(load, form, new Lazy<ProgramForm>(() => new ProgramForm(makeExact(), IsTentative: false)))
    {
    }

    private SandboxProgram(ProgramLoad load, ProgramForm form, Lazy<ProgramForm> exact)
    {
        Load = load;
        _form = form;
        _exact = exact;
    }

    /// <summary>What it was made from.</summary>
    public ProgramLoad Load { get; }

    /// <summary>What executors get when they next load it.</summary>
    internal ProgramForm Form => _form;

    internal bool IsScript => Load.Kind == ProgramKind.Script;

    /// <summary>The same program for another job. An executor keeps the two apart: neither meets what the other left in
    /// its instance or its realm.</summary>
    public SandboxProgram ForAnotherJob() => new(Load, Form, _exact);

    /// <summary>The memory that it counts for among the programs of one executor, in bytes.</summary>
    internal long MemoryBytes => Load.Limits.MemoryBytesMax + Form.Code.Length;

    /// <summary>Goes on with the exact form; the first call makes it, which may take a second.</summary>
    internal void UseExactForm() => _form = _exact.Value;

    /// <summary>The longest segment of a run over <paramref name="indexCount"/> indices, in bytes: where it is made of
    /// the outputs as they are, no more than they.</summary>
    internal long SegmentBytesMax(long indexCount)
    {
        Int128 outputs = (Int128)Load.Limits.OutputBytesMax * indexCount;
        Int128 segment = Load.Combine switch
        {
            CombineKind.Concat => outputs,
            CombineKind.Lines => outputs + indexCount,
            CombineKind.Merge => Load.Limits.OutputBytesMax,
            _ => long.MaxValue,
        };
        return (long)Int128.Min(segment, FrameLimits.BodyFromExecutorBytesMax - FrameLimits.DoneFixedBytes);
    }

    /// <summary>The fuel that a run over <paramref name="indexCount"/> indices may burn.</summary>
    internal Fuel FuelMax(long indexCount) => Load.Limits.FuelMax.TimesSaturating(indexCount);

    /// <summary>The fuel that such a run may say it burnt: each merge in it has the limit of an index as
    /// well.</summary>
    internal Fuel BurntMax(long indexCount) =>
        FuelMax(indexCount).TimesSaturating(Load is { Combine: CombineKind.Merge, Mode: RunMode.Item } ? 2 : 1);
}
