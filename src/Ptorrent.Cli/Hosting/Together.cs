using System.Runtime.ExceptionServices;

namespace Ptorrent.Cli.Hosting;

/// <summary>Runs several things at once that belong together: where one fails, the others are stopped.</summary>
internal static class Together
{
    /// <summary>Runs all works to their end.</summary>
    /// <param name="works">Each gets a token that is cancelled as soon as another fails.</param>
    /// <param name="unless">A task that never succeeds; where it fails, the works are stopped.</param>
    /// <param name="stop">Stops all.</param>
    /// <exception cref="Exception">What the first of them threw; by then all have ended.</exception>
    public static async Task RunAsync(
        IEnumerable<Func<CancellationToken, Task>> works, Task? unless, CancellationToken stop)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        ExceptionDispatchInfo? first = null;
        bool wasStopped = false;

        async Task GuardAsync(Func<CancellationToken, Task> work)
        {
            try
            {
                await work(ending.Token);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                wasStopped = true;
            }
            catch (Exception error)
            {
                // Not swallowed: thrown again below, once all have ended.
                Interlocked.CompareExchange(ref first, ExceptionDispatchInfo.Capture(error), null);
                await ending.CancelAsync();
            }
        }

        Task guarding = unless is null ? Task.CompletedTask : GuardAsync(unless.WaitAsync);
        await Task.WhenAll(works.Select(GuardAsync));
        bool stoppedWorks = wasStopped;
        await ending.CancelAsync();
        await guarding;
        first?.Throw();
        if (stoppedWorks)
        {
            throw new OperationCanceledException(stop);
        }
    }
}
