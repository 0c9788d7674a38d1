using Ptorrent.Sandbox.Frames;

namespace Ptorrent.Sandbox.Slots;

/// <summary>A program in one process, from its LOAD on.</summary>
internal sealed class LoadedProgram(uint number, SandboxProgram program)
{
    internal uint Number { get; } = number;

    internal SandboxProgram Program { get; } = program;

    internal bool HasMerge { get; set; }

    /// <summary>What a script's own code took while it was loaded; the first run pays for it, or a script could do all
    /// its work there for nothing.</summary>
    internal TimeSpan UnpaidTime { get; set; }

    /// <summary>What the executor said instead of LOADED; the runs that were sent on its heels fail with
    /// this.</summary>
    internal ExecutorFrame.Refused? Refusal { get; set; }
}
