namespace Ptorrent.Sandbox.Frames;

/// <summary>What is said to an executor.</summary>
internal abstract record AgentFrame
{
    private AgentFrame()
    {
    }

    internal sealed record Load(uint Program, SandboxProgram Content, ReadOnlyMemory<byte> Code) : AgentFrame;

    internal sealed record Run(ulong Number, uint Program, long FuelMax, RunRequest Request) : AgentFrame;

    internal sealed record Merge(ulong Number, uint Program, long FuelMax, MergeRequest Request) : AgentFrame;

    internal sealed record Unload(uint Program) : AgentFrame;
}
