namespace Ptorrent.Harbor.Blobs;

/// <summary>What shows that a file was not written to since it was verified.</summary>
internal readonly record struct FileStamp(long SizeBytes, DateTime WrittenAt)
{
    public static FileStamp Of(FileInfo file) => new(file.Length, file.LastWriteTimeUtc);
}
