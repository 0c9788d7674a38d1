using System.Buffers;
using System.IO.Pipelines;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Segments;

namespace Ptorrent.Harbor.Deliveries;

/// <summary>Writes the entries of a product that is files (docs/protocol/segments.md) below a folder.</summary>
internal sealed class FileEntryWriter(string folder)
{
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);

    /// <summary>Writes all entries; files and folders are durable when it ends.</summary>
    /// <exception cref="SegmentException">The bytes are no entries, or two have one path.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public async Task WriteAllAsync(PipeReader reader, CancellationToken stop)
    {
        while (await ReadHeaderAsync(reader, stop) is { } header)
        {
            await using FileStream file = Open(header.Path);
            await CopyAsync(reader, file, header.ContentBytes, stop);
            file.Flush(flushToDisk: true);
        }

        foreach (string made in _folders)
        {
            DurableFiles.SyncFolder(made);
        }
    }

    private static async Task<FileEntryHeader?> ReadHeaderAsync(PipeReader reader, CancellationToken stop)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync(stop);
            if (read.Buffer.IsEmpty && read.IsCompleted)
            {
                return null;
            }

            byte[] front = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, FileEntryHeader.HeaderBytesMax)).ToArray();
            if (FileEntryHeader.TryRead(front, out FileEntryHeader header, out int consumed))
            {
                reader.AdvanceTo(read.Buffer.GetPosition(consumed));
                return header;
            }

            if (read.IsCompleted)
            {
                throw new SegmentException("A file entry is cut off.");
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static async Task CopyAsync(PipeReader reader, FileStream file, long bytes, CancellationToken stop)
    {
        while (bytes > 0)
        {
            ReadResult read = await reader.ReadAsync(stop);
            ReadOnlySequence<byte> taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, bytes));
            foreach (ReadOnlyMemory<byte> part in taken)
            {
                await file.WriteAsync(part, stop);
            }

            bytes -= taken.Length;
            reader.AdvanceTo(taken.End);
            if (bytes > 0 && read.IsCompleted)
            {
                throw new SegmentException("A file entry is cut off.");
            }
        }
    }

    private FileStream Open(string path)
    {
        string target = Path.Combine(folder, Path.Combine(path.Split('/')));
        string parent = Path.GetDirectoryName(target)!; // It is below the folder.
        DurableFiles.MakeFolder(parent);
        for (string made = parent; made != folder && _folders.Add(made);)
        {
            made = Path.GetDirectoryName(made)!;
        }

        return File.Exists(target)
            ? throw new SegmentException($"Two results have the path '{path}'.")
            : DurableFiles.Create(target);
    }
}
