using System.Collections.Concurrent;

namespace Ptorrent.Harbor.Storage;

/// <summary>
/// A few threads that wait for the disk, side by side, so that those of the pool go on with what came over the network:
/// a sync takes long, but hardly any of the processor's time. For any number of threads.
/// </summary>
internal sealed class DiskThreads : IDisposable
{
    private readonly BlockingCollection<Action> _waiting = [];

    /// <param name="count">How many; a disk takes several syncs at once.</param>
    public DiskThreads(int count)
    {
        for (int i = 0; i < count; i++)
        {
            new Thread(Run) { IsBackground = true, Name = "harbor disk" }.Start();
        }
    }

    /// <summary>Has something done by one of them. Whoever asks waits for it, so no more wait than there are
    /// callers.</summary>
    /// <exception cref="ObjectDisposedException">The harbor is being stopped.</exception>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        TaskCompletionSource<T> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _waiting.Add(() => Do(work, end));
        }
        catch (InvalidOperationException exception)
        {
            throw new ObjectDisposedException("The harbor is being stopped.", exception);
        }

        return end.Task;
    }

    /// <summary>Takes nothing more; what is waiting is done.</summary>
    public void Dispose() => _waiting.CompleteAdding();

    private static void Do<T>(Func<T> work, TaskCompletionSource<T> end)
    {
        try
        {
            end.SetResult(work());
        }
        catch (Exception exception)
        {
            end.SetException(exception);
        }
    }

    private void Run()
    {
        foreach (Action work in _waiting.GetConsumingEnumerable())
        {
            work();
        }
    }
}
