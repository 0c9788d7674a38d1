using Ptorrent.Model.Identity;

namespace Ptorrent.Harbor.State;

/// <summary>A segment's bytes: small ones themselves, large ones as a blob that the harbor has.</summary>
/// <param name="Inline">The bytes, where there is no blob.</param>
/// <param name="Blob">The blob, or null.</param>
/// <param name="SizeBytes">How many bytes there are.</param>
internal sealed record SegmentContent(ReadOnlyMemory<byte> Inline, Digest? Blob, long SizeBytes)
{
    /// <summary>Bytes that a segment may have to be kept and sent as it is.</summary>
    public const int InlineBytesMax = 64 * 1024;

    public static SegmentContent Of(ReadOnlyMemory<byte> inline) => new(inline, null, inline.Length);

    public static SegmentContent Of(Digest blob, long sizeBytes) => new(default, blob, sizeBytes);
}
