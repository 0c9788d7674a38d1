using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;

namespace Ptorrent.Harbor;

/// <summary>
/// The segments of one job that came back last, in memory: a reader who keeps up with the job gets them without a look
/// at the database. It holds what is not durable yet as well, so whoever takes from it knows how far that is. Not for
/// several threads.
/// </summary>
internal sealed class SegmentTail(TailBudget budget)
{
    /// <summary>Bytes that are held of one job.</summary>
    public const int BytesMax = 4 << 20;

    // What a segment costs beside its content.
    private const int SegmentBytes = 128;

    private readonly Queue<SegmentRow> _byArrival = new();
    private readonly Dictionary<long, SegmentRow> _byBegin = [];
    private int _bytes;
    private bool _isReleased;

    /// <summary>Holds a segment; lets those go that came first where there are too many.</summary>
    public void Add(SegmentRow row)
    {
        int bytes = BytesOf(row);
        if (_isReleased)
        {
            return;
        }

        while (_bytes + bytes > BytesMax || !budget.TryTake(bytes))
        {
            if (!_byArrival.TryDequeue(out SegmentRow oldest))
            {
                return;
            }

            _byBegin.Remove(oldest.Range.Begin);
            _bytes -= BytesOf(oldest);
            budget.GiveBack(BytesOf(oldest));
        }

        _bytes += bytes;
        _byArrival.Enqueue(row);
        _byBegin[row.Range.Begin] = row;
    }

    /// <summary>Appends the segments from <paramref name="begin"/> on that follow each other and end at
    /// <paramref name="end"/> at most.</summary>
    public void CopyTo(List<SegmentRow> rows, long begin, long end)
    {
        while (begin < end && _byBegin.TryGetValue(begin, out SegmentRow row) && row.Range.End <= end)
        {
            rows.Add(row);
            begin = row.Range.End;
        }
    }

    /// <summary>The job is over: whoever reads it still may, but it counts no more, and nothing is added.</summary>
    public void Release()
    {
        if (!_isReleased)
        {
            _isReleased = true;
            budget.GiveBack(_bytes);
        }
    }

    private static int BytesOf(SegmentRow row) => row.Content.Inline.Length + SegmentBytes;
}
