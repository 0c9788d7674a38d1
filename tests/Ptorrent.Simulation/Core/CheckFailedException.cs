namespace Ptorrent.Simulation.Core;

/// <summary>A checker found what must not be.</summary>
internal sealed class CheckFailedException(string check, string message) : Exception(message)
{
    /// <summary>The checker's name.</summary>
    public string Check { get; } = check;
}
