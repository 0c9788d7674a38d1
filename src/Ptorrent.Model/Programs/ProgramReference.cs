using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Programs;

/// <summary>A program by the address of its bytes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Digest">The blob that holds the module or the script.</param>
/// <param name="SizeBytes">The blob's length.</param>
/// <param name="Name">Its file name, for people; no folder.</param>
public sealed record ProgramReference(ProgramKind Kind, Digest Digest, long SizeBytes, string Name);
