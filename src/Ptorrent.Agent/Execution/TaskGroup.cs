namespace Ptorrent.Agent.Execution;

/// <summary>Tasks that run beside their owner: kept until they end, awaited at stop. Safe for several
/// threads.</summary>
internal sealed class TaskGroup
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Task> _running = [];
    private readonly TaskCompletionSource _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last;

    /// <summary>Fails when a task ends with an exception that it should have handled: a bug.</summary>
    public Task Fault => _fault.Task;

    /// <summary>Starts <paramref name="work"/> on another thread. A cancellation is a normal end of it.</summary>
    public void Start(Func<Task> work)
    {
        lock (_lock)
        {
            long number = ++_last;
            _running.Add(number, RunAsync(number, work));
        }
    }

    /// <summary>Waits until nothing runs.</summary>
    public async Task WhenIdleAsync()
    {
        while (true)
        {
            Task[] running;
            lock (_lock)
            {
                running = [.. _running.Values];
            }

            if (running.Length == 0)
            {
                return;
            }

            await Task.WhenAll(running);
        }
    }

    private async Task RunAsync(long number, Func<Task> work)
    {
        // Off the caller's thread: it may be a loop that must not compute, and it holds the lock.
        await Task.Yield();
        try
        {
            await work();
        }
        catch (OperationCanceledException)
        {
            // Whoever cancelled it knows.
        }
        catch (Exception exception)
        {
            _fault.TrySetException(exception);
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(number);
            }
        }
    }
}
