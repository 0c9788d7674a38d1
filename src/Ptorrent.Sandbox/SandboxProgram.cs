using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Sandbox;

/// <summary>
/// A program that was checked and, unless it is a script, metered: made once by <see cref="Sandbox.Prepare"/>, used by
/// all slots. Immutable; nothing is to be put away.
/// </summary>
public sealed class SandboxProgram
{
    internal SandboxProgram(ProgramLoad load, ReadOnlyMemory<byte> executedCode)
    {
        Load = load;
        ExecutedCode = executedCode;
    }

    /// <summary>What it was made from.</summary>
    public ProgramLoad Load { get; }

    /// <summary>What executors get: the metered module, or the script's source.</summary>
    internal ReadOnlyMemory<byte> ExecutedCode { get; }

    internal bool IsScript => Load.Kind == ProgramKind.Script;

    /// <summary>The memory that it counts for among the programs of one executor, in bytes.</summary>
    internal long MemoryBytes => Load.Limits.MemoryBytesMax + ExecutedCode.Length;

    /// <summary>The outputs that a run over <paramref name="indexCount"/> indices has.</summary>
    internal long OutputCount(long indexCount) => Load.Mode == RunMode.Item ? indexCount : 1;

    /// <summary>The fuel that a run over <paramref name="indexCount"/> indices may burn.</summary>
    internal Fuel FuelMax(long indexCount) => Load.Limits.FuelMax.TimesSaturating(indexCount);
}
