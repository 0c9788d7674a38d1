using System.Runtime.InteropServices;
using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Lines;

/// <summary>
/// Where the lines of a file are: the begin of every so many lines or bytes, so that any range of lines is found by
/// reading little more than it. Fed with the file from front to back; some bytes for each 64 KiB of it. A last line
/// without a line feed counts. Reading is for several threads, feeding is not.
/// </summary>
public sealed class LineIndex
{
    /// <summary>Bytes of one line, without its line feed. Larger inputs are files.</summary>
    public const int LineBytesMax = 64 * 1024;

    private const int MarkLineCount = 1024;
    private const int MarkBytes = 64 * 1024;

    private readonly List<Mark> _marks = [default];
    private long _bytes;
    private long _lineCount;
    private long _lineBegin;

    /// <summary>Lines so far; a last one without a line feed among them.</summary>
    public long Count => _lineCount + (_bytes > _lineBegin ? 1 : 0);

    /// <summary>Bytes so far.</summary>
    public long Bytes => _bytes;

    /// <summary>Bytes of the longest line so far, without its line feed.</summary>
    public long LongestBytes { get; private set; }

    /// <summary>Takes in the bytes that follow.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        long before = _bytes;
        _bytes += bytes.Length;
        for (int at = 0; at < bytes.Length;)
        {
            int found = bytes[at..].IndexOf((byte)'\n');
            if (found < 0)
            {
                break;
            }

            at += found + 1;
            EndLine(before + at);
        }

        LongestBytes = Math.Max(LongestBytes, _bytes - _lineBegin);
    }

    /// <summary>Where to read a range of lines.</summary>
    /// <param name="range">The lines, counted from 0; not empty.</param>
    /// <exception cref="InvariantException">There are not so many.</exception>
    public LinePiece Find(IndexRange range)
    {
        Invariant.Holds(!range.IsEmpty && range.Begin >= 0 && range.End <= Count);
        Mark first = _marks[MarkOf(range.Begin)];
        int after = MarkOf(range.End - 1) + 1;
        long end = after < _marks.Count ? _marks[after].Offset : _bytes;
        return new LinePiece(first.Offset, (int)(end - first.Offset), (int)(range.Begin - first.Line), range.Count);
    }

    private void EndLine(long end)
    {
        LongestBytes = Math.Max(LongestBytes, end - 1 - _lineBegin);
        _lineCount++;
        _lineBegin = end;
        Mark last = _marks[^1];
        if (_lineCount - last.Line >= MarkLineCount || end - last.Offset >= MarkBytes)
        {
            _marks.Add(new Mark(_lineCount, end));
        }
    }

    /// <summary>The last mark at or before a line.</summary>
    private int MarkOf(long line)
    {
        int found = CollectionsMarshal.AsSpan(_marks).BinarySearch(new Mark(line, long.MaxValue));
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>A line that begins at an offset.</summary>
    private readonly record struct Mark(long Line, long Offset) : IComparable<Mark>
    {
        public int CompareTo(Mark other)
        {
            int order = Line.CompareTo(other.Line);
            return order != 0 ? order : Offset.CompareTo(other.Offset);
        }
    }
}
