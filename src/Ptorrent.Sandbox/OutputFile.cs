namespace Ptorrent.Sandbox;

/// <summary>A file that a program wrote.</summary>
/// <param name="Name">Its path inside the program's folder with <c>/</c> between the parts; none of them is empty,
/// <c>.</c> or <c>..</c>, and there is no backslash, colon or control character: safe to append to a folder.</param>
/// <param name="Content">Its bytes, the receiver's to keep.</param>
public sealed record OutputFile(string Name, ReadOnlyMemory<byte> Content);
