namespace Ptorrent.Model;

/// <summary>A bug: something that must always hold did not. Whoever owns the state stops; nobody carries on.</summary>
public sealed class InvariantException(string message) : Exception(message);
