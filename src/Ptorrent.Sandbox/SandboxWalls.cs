namespace Ptorrent.Sandbox;

/// <summary>What stands around each executor on this machine, found by starting one.</summary>
public sealed record SandboxWalls
{
    /// <summary>Own namespaces without network, processes, users and files, made by bubblewrap.</summary>
    public required bool HasBubblewrap { get; init; }

    /// <summary>Limits of the operating system on memory, files and core dumps, set by <c>prlimit</c>.</summary>
    public required bool HasResourceLimits { get; init; }

    /// <summary>The operating system ends the executors when this process ends in any way.</summary>
    public required bool EndsWithAgent { get; init; }

    /// <summary>What is missing and the command that adds it, a sentence or two for the user; null where nothing is.
    /// </summary>
    public string? Notice { get; init; }
}
