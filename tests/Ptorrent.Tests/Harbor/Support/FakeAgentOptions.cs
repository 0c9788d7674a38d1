using Ptorrent.Link.Frames;

namespace Ptorrent.Tests.Harbor.Support;

/// <summary>How a scripted agent behaves.</summary>
internal sealed record FakeAgentOptions
{
    public ulong Id { get; init; } = 7;

    public string Name { get; init; } = "fake";

    public uint SlotCount { get; init; } = 1;

    public long Window { get; init; } = long.MaxValue;

    /// <summary>What it says that it holds from its link before.</summary>
    public IReadOnlyList<Holding> Holdings { get; init; } = [];

    /// <summary>Answers a grant; the default computes and commits all of it.</summary>
    public Func<FakeAgent, Grant, Task> OnGrant { get; init; } = (agent, grant) => agent.CommitAsync(grant);
}
