using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;

namespace Ptorrent.Cli.Local;

/// <summary>Cuts a range into the pieces that single runs take. For several threads.</summary>
internal sealed class PieceCutter
{
    private const long InputBytesMax = 64L << 20;

    // Lines of the largest length, all together, still fit an executor's frame.
    private const long LineCountMax = 4096;

    private readonly Lock _lock = new();
    private readonly JobRequest _request;
    private readonly RunSizer _sizer;
    private long _next;

    public PieceCutter(IndexRange whole, JobRequest request)
    {
        Whole = whole;
        _request = request;
        _next = whole.Begin;
        _sizer = new RunSizer(request switch
        {
            { Lines: not null } => LineCountMax,
            { Mode: RunMode.Item } => RunRequest.ItemCountMax,
            _ => long.MaxValue,
        });
    }

    /// <summary>All indices.</summary>
    public IndexRange Whole { get; }

    /// <summary>The next piece; false where all is cut.</summary>
    /// <param name="progress">Tells how many work on it: towards the end pieces get smaller, so that all end together.
    /// </param>
    /// <param name="piece">The piece.</param>
    public bool TryCut(LocalProgress progress, out IndexRange piece)
    {
        lock (_lock)
        {
            long left = Whole.End - _next;
            long count = Math.Min(_sizer.Next(), Math.Max(1, left / (2 * progress.SlotCount)));
            count = _request.Files.IsEmpty ? Math.Min(count, left) : CountOfInputs(Math.Min(count, left));
            piece = new IndexRange(_next, _next + count);
            _next += count;
            return count > 0;
        }
    }

    /// <summary>Learns from a run.</summary>
    public void Observe(IndexRange piece, TimeSpan busy, long outputBytes)
    {
        lock (_lock)
        {
            _sizer.Observe(piece.Count, busy, outputBytes);
        }
    }

    /// <summary>How many of the next inputs are held in memory together.</summary>
    private long CountOfInputs(long countMax)
    {
        long bytes = 0;
        for (long count = 0; count < countMax; count++)
        {
            bytes += _request.Files[(int)(_next + count)].SizeBytes;
            if (bytes > InputBytesMax)
            {
                return Math.Max(1, count);
            }
        }

        return countMax;
    }
}
