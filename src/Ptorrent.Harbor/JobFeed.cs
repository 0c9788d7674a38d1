using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;

namespace Ptorrent.Harbor;

/// <summary>
/// How far a job's product has grown, for those who read it while it grows. The loop writes, any number of readers
/// wait; nobody asks again and again.
/// </summary>
internal sealed class JobFeed
{
    private readonly Lock _lock = new();
    private readonly SegmentTail _tail;
    private TaskCompletionSource? _changed;
    private JobFeedView _view;

    /// <summary>Starts before anything is durable.</summary>
    public JobFeed(TailBudget budget)
    {
        _tail = new SegmentTail(budget);
        _view = new JobFeedView(0, 0, ProductState.Growing, IsForgotten: false);
    }

    /// <summary>Where the job stands now.</summary>
    public JobFeedView View
    {
        get
        {
            lock (_lock)
            {
                return _view;
            }
        }
    }

    /// <summary>Waits until there is something newer than <paramref name="version"/>.</summary>
    public async Task<JobFeedView> WaitAsync(long version, CancellationToken stop)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_view.Version > version)
                {
                    return _view;
                }

                _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }

            await changed.WaitAsync(stop);
        }
    }

    /// <summary>A segment came back; it is on its way to the disk.</summary>
    public void Add(SegmentRow row)
    {
        lock (_lock)
        {
            _tail.Add(row);
        }
    }

    /// <summary>Appends the durable segments from <paramref name="begin"/> on, as far as they are held.</summary>
    public void CopyTailTo(List<SegmentRow> rows, long begin)
    {
        lock (_lock)
        {
            _tail.CopyTo(rows, begin, _view.PrefixEnd);
        }
    }

    /// <summary>The status changed.</summary>
    public void Change(long prefixEnd, ProductState product) =>
        Set(view => view with { Version = view.Version + 1, PrefixEnd = prefixEnd, Product = product });

    /// <summary>The status may be another although the job itself stands where it stood.</summary>
    public void Touch() => Set(view => view with { Version = view.Version + 1 });

    /// <summary>The database tells of the job from now on; nothing changes any more.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _tail.Release();
        }

        Set(view => view with { Version = view.Version + 1, IsForgotten = true });
    }

    private void Set(Func<JobFeedView, JobFeedView> change)
    {
        TaskCompletionSource? changed;
        lock (_lock)
        {
            _view = change(_view);
            (changed, _changed) = (_changed, null);
        }

        changed?.TrySetResult();
    }
}
