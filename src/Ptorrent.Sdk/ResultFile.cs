namespace Ptorrent.Sdk;

/// <summary>One file of a product of <see cref="Model.Jobs.CombineKind.Files"/>.</summary>
/// <param name="Name">A relative path with <c>/</c>; no empty, <c>.</c> or <c>..</c> part, at most 1,024 bytes of
/// UTF-8.
/// </param>
/// <param name="SizeBytes">The content's length.</param>
/// <param name="Content">The content, to be read before the next file is asked for; belongs to the reader.</param>
public sealed record ResultFile(string Name, long SizeBytes, Stream Content);
