using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Combining;

/// <summary>
/// Combines outputs, or segments that were combined before, in the order of their indices; docs/protocol/segments.md.
/// Grouping never matters: the segment of a range is the same bytes however the range was cut. For <c>merge</c>, which
/// only the program can do, it takes one piece. Holds the whole segment. Not for several threads.
/// </summary>
public sealed class SegmentCombiner
{
    private readonly CombineKind _kind;
    private readonly NumberColumns? _columns;
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private int _pieceCount;

    /// <summary>Starts with an empty segment.</summary>
    public SegmentCombiner(CombineKind kind)
    {
        _kind = kind;
        _columns = IsNumeric(kind) ? new NumberColumns(kind) : null;
    }

    /// <summary>Whether segments of this kind are a product as they are, one after another, so that it can be delivered
    /// while it grows.</summary>
    public static bool IsStreamed(CombineKind kind) =>
        kind is CombineKind.Concat or CombineKind.Lines or CombineKind.Files;

    /// <summary>Whether segments are columns of numbers.</summary>
    public static bool IsNumeric(CombineKind kind) => kind is CombineKind.Sum or CombineKind.Min or CombineKind.Max;

    /// <summary>Adds what a run put out.</summary>
    /// <param name="range">The run's indices.</param>
    /// <param name="mode">Whether it was one call or one for each index.</param>
    /// <param name="outputs">One output, or one for each index.</param>
    /// <param name="names">The input files' names, one for each index; empty for a job over a range.</param>
    /// <exception cref="SegmentException">The output does not fit the way in which it is combined.</exception>
    /// <exception cref="InvariantException">There are more or fewer outputs than calls.</exception>
    public void AppendRun(
        IndexRange range,
        RunMode mode,
        ImmutableArray<RunOutput> outputs,
        ImmutableArray<string> names)
    {
        Invariant.Holds(outputs.Length == (mode == RunMode.Item ? range.Count : 1));
        for (int i = 0; i < outputs.Length; i++)
        {
            RunOutput output = outputs[i];
            if (_kind == CombineKind.Files)
            {
                string name = names.IsDefaultOrEmpty
                    ? (range.Begin + i).ToString(CultureInfo.InvariantCulture)
                    : names[i];
                AppendFiles(name, output);
            }
            else
            {
                AppendOutput(output.StandardOutput.Span);
            }
        }
    }

    /// <summary>Adds the segment of the indices that follow.</summary>
    /// <exception cref="SegmentException">The bytes are no such segment.</exception>
    public void AppendSegment(ReadOnlySpan<byte> segment)
    {
        if (_kind == CombineKind.Files)
        {
            CheckEntries(segment);
        }

        AppendOutput(segment);
    }

    /// <summary>The segment of all that was added, in memory of its own.</summary>
    public ReadOnlyMemory<byte> ToSegment() => _columns is not null ? _columns.ToSegment() : _bytes.WrittenMemory;

    /// <summary>Sees whether bytes are a segment of this kind.</summary>
    /// <exception cref="SegmentException">They are not.</exception>
    public static void Check(CombineKind kind, ReadOnlySpan<byte> segment)
    {
        if (IsNumeric(kind))
        {
            new NumberColumns(kind).Append(segment);
        }
        else if (kind == CombineKind.Files)
        {
            CheckEntries(segment);
        }
    }

    private static void CheckEntries(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            if (!FileEntryHeader.TryRead(segment, out FileEntryHeader header, out int consumed)
                || header.ContentBytes > segment.Length - consumed)
            {
                throw new SegmentException("A file entry is cut off.");
            }

            segment = segment[(consumed + (int)header.ContentBytes)..];
        }
    }

    private void AppendOutput(ReadOnlySpan<byte> output)
    {
        if (_columns is not null)
        {
            _columns.Append(output);
            return;
        }

        Invariant.Holds(_kind != CombineKind.Merge || _pieceCount++ == 0);
        _bytes.Write(output);
        if (_kind == CombineKind.Lines && !output.IsEmpty && output[^1] != (byte)'\n')
        {
            _bytes.Write("\n"u8);
        }
    }

    private void AppendFiles(string name, RunOutput output)
    {
        if (!output.StandardOutput.IsEmpty || output.Files.IsEmpty)
        {
            AppendEntry(name, output.StandardOutput.Span);
        }

        foreach (OutputFile file in output.Files)
        {
            AppendEntry(file.Path, file.Content.Span);
        }
    }

    private void AppendEntry(string path, ReadOnlySpan<byte> content)
    {
        FileEntryHeader header = new(path, content.Length);
        _bytes.Advance(header.Write(_bytes.GetSpan(FileEntryHeader.HeaderBytesMax)));
        _bytes.Write(content);
    }
}
