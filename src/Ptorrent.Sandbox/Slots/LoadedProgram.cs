using Ptorrent.Sandbox.Frames;
using Ptorrent.Sandbox.Programs;

namespace Ptorrent.Sandbox.Slots;

/// <summary>A program in one process, from its LOAD on.</summary>
internal sealed class LoadedProgram(uint number, SandboxProgram program, ProgramForm form)
{
    internal uint Number { get; } = number;

    internal SandboxProgram Program { get; } = program;

    /// <summary>What the process got of it.</summary>
    internal ProgramForm Form { get; } = form;

    /// <summary>The memory that it counts for, in bytes.</summary>
    internal long MemoryBytes { get; } = program.Load.Limits.MemoryBytesMax + form.Code.Length;

    internal bool HasMerge { get; set; }

    /// <summary>What a script's own code took while it was loaded; the first run pays for it, or a script could do all
    /// its work there for nothing.</summary>
    internal TimeSpan UnpaidTime { get; set; }

    /// <summary>What the executor said instead of LOADED; the runs that were sent on its heels fail with
    /// this.</summary>
    internal ExecutorFrame.Refused? Refusal { get; set; }
}
