using Ptorrent.Model.Programs;

namespace Ptorrent.Sandbox.Processes;

/// <summary>What a process was started for, since these things cannot be changed afterwards.</summary>
/// <param name="CompilesLazily">The baseline compiler first, for modules so large that the optimizing one alone would
/// keep them waiting for most of a minute.</param>
/// <param name="HeapBytesMax">Of JavaScript objects; for a script its memory limit.</param>
/// <param name="DataBytesMax">Of private writable memory of the whole process.</param>
internal sealed record ProcessProfile(bool CompilesLazily, long HeapBytesMax, long DataBytesMax)
{
    /// <summary>The metered module from which on the baseline compiler is used.</summary>
    internal const int LargeModuleBytes = 4 << 20;

    // V8's own reservations are counted too: with less than 600 MB it does not start. The rest is room for one frame in
    // and one frame out.
    private const long BaseBytes = 1L << 30;
    private const long WasmHeapBytes = 512L << 20;
    private const long ScriptHeapBytesMin = 32L << 20;

    /// <summary>The processes that slots begin with and that wait as spares.</summary>
    internal static ProcessProfile Common(SandboxOptions options) => ForWasm(false, options);

    /// <summary>The process that a program needs.</summary>
    internal static ProcessProfile For(SandboxProgram program, SandboxOptions options)
    {
        if (program.Load.Kind == ProgramKind.Script)
        {
            long heap = Math.Max(ScriptHeapBytesMin, program.Load.Limits.MemoryBytesMax);
            return new ProcessProfile(false, heap, BaseBytes + heap);
        }

        return ForWasm(program.Form.Code.Length > LargeModuleBytes, options);
    }

    // Twice the memory: what an unloaded program held is given back only when V8 next collects.
    private static ProcessProfile ForWasm(bool compilesLazily, SandboxOptions options) =>
        new(compilesLazily, WasmHeapBytes, BaseBytes + (2 * options.ProcessMemoryBytesMax));
}
