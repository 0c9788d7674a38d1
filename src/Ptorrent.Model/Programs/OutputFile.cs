namespace Ptorrent.Model.Programs;

/// <summary>A file that a program wrote.</summary>
/// <param name="Path">Relative, with <c>/</c> between folders.</param>
/// <param name="Content">Its bytes; nobody changes them afterwards.</param>
public sealed record OutputFile(string Path, ReadOnlyMemory<byte> Content);
