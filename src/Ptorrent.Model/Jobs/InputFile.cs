using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Jobs;

/// <summary>One item of a job over files.</summary>
/// <param name="Name">The file's name without folders; what <c>{name}</c> becomes, and the name inside the
/// sandbox.</param>
/// <param name="Digest">The blob that holds its content.</param>
/// <param name="SizeBytes">The content's length.</param>
public sealed record InputFile(string Name, Digest Digest, long SizeBytes);
