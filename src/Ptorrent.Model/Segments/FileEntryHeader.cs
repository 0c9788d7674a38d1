using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Ptorrent.Model.Segments;

/// <summary>
/// The front of one entry of a <c>files</c> segment: u32 name length, the name in UTF-8, u64 content length,
/// little-endian; the content follows. docs/protocol/segments.md.
/// </summary>
/// <param name="Path">A relative path with <c>/</c> between folders that satisfies <see cref="IsSafePath"/>.</param>
/// <param name="ContentBytes">Length of the content that follows.</param>
public readonly record struct FileEntryHeader(string Path, long ContentBytes)
{
    /// <summary>The longest path, in bytes of UTF-8.</summary>
    public const int PathBytesMax = 1024;

    /// <summary>Bytes that a header has at most.</summary>
    public const int HeaderBytesMax = sizeof(uint) + PathBytesMax + sizeof(ulong);

    /// <summary>
    /// Whether a path may be written below a folder of the user's: not empty, no longer than
    /// <see cref="PathBytesMax"/>, parts separated by single slashes, no part empty, <c>.</c> or <c>..</c>, no
    /// backslash, colon or control character.
    /// </summary>
    public static bool IsSafePath([NotNullWhen(true)] string? path)
    {
        if (string.IsNullOrEmpty(path) || Encoding.UTF8.GetByteCount(path) > PathBytesMax)
        {
            return false;
        }

        foreach (char c in path)
        {
            if (c is '\\' or ':' || char.IsControl(c))
            {
                return false;
            }
        }

        foreach (Range part in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(part) is "" or "." or "..")
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads a header off the front of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">A segment from the begin of an entry on, or what is there of it.</param>
    /// <param name="header">The header, if it is all there.</param>
    /// <param name="consumed">Bytes that it takes.</param>
    /// <returns>False if more bytes are needed.</returns>
    /// <exception cref="SegmentException">The path is too long, no UTF-8 or not safe, or the length is
    /// negative.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out FileEntryHeader header, out int consumed)
    {
        header = default;
        consumed = 0;
        if (bytes.Length < sizeof(uint))
        {
            return false;
        }

        uint pathBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (pathBytes is 0 or > PathBytesMax)
        {
            throw new SegmentException($"A file entry's path has {pathBytes} bytes; 1 to {PathBytesMax} are allowed.");
        }

        int end = sizeof(uint) + (int)pathBytes + sizeof(ulong);
        if (bytes.Length < end)
        {
            return false;
        }

        ReadOnlySpan<byte> utf8 = bytes.Slice(sizeof(uint), (int)pathBytes);
        string path = Utf8.IsValid(utf8) ? Encoding.UTF8.GetString(utf8) : string.Empty;
        if (!IsSafePath(path))
        {
            throw new SegmentException("A file entry's path is no safe relative path.");
        }

        ulong contentBytes = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(end - sizeof(ulong))..]);
        if (contentBytes > long.MaxValue)
        {
            throw new SegmentException("A file entry's length is out of range.");
        }

        header = new FileEntryHeader(path, (long)contentBytes);
        consumed = end;
        return true;
    }

    /// <summary>Writes the header to the front of <paramref name="destination"/>, which has room for
    /// <see cref="HeaderBytesMax"/> bytes.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="SegmentException">The path is not safe.</exception>
    public int Write(Span<byte> destination)
    {
        if (!IsSafePath(Path))
        {
            throw new SegmentException($"'{Path}' is no safe relative path.");
        }

        int pathBytes = Encoding.UTF8.GetBytes(Path, destination[sizeof(uint)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)pathBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[(sizeof(uint) + pathBytes)..], (ulong)ContentBytes);
        return sizeof(uint) + pathBytes + sizeof(ulong);
    }
}
