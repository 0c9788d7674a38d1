using Ptorrent.Harbor.State;

namespace Ptorrent.Harbor;

/// <summary>
/// How far a job's product has grown, for those who read it while it grows. The loop writes, any number of readers
/// wait; nobody asks again and again.
/// </summary>
internal sealed class JobFeed
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _changed;
    private JobFeedView _view;

    /// <summary>Starts before anything is durable.</summary>
    public JobFeed(long prefixEnd) => _view = new JobFeedView(0, prefixEnd, ProductState.Growing, IsForgotten: false);

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

    /// <summary>The status changed.</summary>
    public void Change(long prefixEnd, ProductState product) =>
        Set(view => view with { Version = view.Version + 1, PrefixEnd = prefixEnd, Product = product });

    /// <summary>The database tells of the job from now on; nothing changes any more.</summary>
    public void Forget() => Set(view => view with { Version = view.Version + 1, IsForgotten = true });

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
