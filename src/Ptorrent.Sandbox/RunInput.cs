namespace Ptorrent.Sandbox;

/// <summary>One index's input.</summary>
/// <param name="Name">The file's name; no folder.</param>
/// <param name="Content">Its bytes. Left alone by the caller until the run has ended.</param>
public sealed record RunInput(string Name, ReadOnlyMemory<byte> Content);
