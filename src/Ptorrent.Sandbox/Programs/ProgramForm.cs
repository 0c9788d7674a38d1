namespace Ptorrent.Sandbox.Programs;

/// <summary>What executors get of a program. A module may have two forms (docs/design/metering.md, "NaN").</summary>
/// <param name="Code">The metered module, or the script's source.</param>
/// <param name="IsTentative">Whether a run counts only if it ends well, for the module does not make its NaNs alike but
/// traps when it has met one. Any other run is repeated with the exact form.</param>
internal sealed record ProgramForm(ReadOnlyMemory<byte> Code, bool IsTentative);
