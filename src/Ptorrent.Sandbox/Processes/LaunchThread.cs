using System.ComponentModel;
using System.Diagnostics;
using System.Threading.Channels;

namespace Ptorrent.Sandbox.Processes;

/// <summary>
/// Starts all processes on one thread that lives as long as they may. On Linux "die with the parent" means the thread
/// that started the process, not its process: started on a thread of the pool, executors would be killed when the pool
/// shrinks.
/// </summary>
internal sealed class LaunchThread : IAsyncDisposable
{
    private const int LaunchesWaitingMax = 4096;

    private readonly Channel<(ProcessStartInfo Start, TaskCompletionSource<Process> Launched)> _inbox =
        Channel.CreateBounded<(ProcessStartInfo, TaskCompletionSource<Process>)>(
            new BoundedChannelOptions(LaunchesWaitingMax) { SingleReader = true });

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal LaunchThread()
    {
        Thread thread = new(Work) { IsBackground = true, Name = "executor launch" };
        thread.Start();
    }

    /// <summary>Starts a process.</summary>
    /// <exception cref="SandboxException">The operating system did not start it.</exception>
    internal async Task<Process> StartAsync(ProcessStartInfo start, CancellationToken stop)
    {
        TaskCompletionSource<Process> launched = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _inbox.Writer.WriteAsync((start, launched), stop);
        }
        catch (ChannelClosedException closed)
        {
            throw new SandboxException("The sandbox has been stopped.", closed);
        }

        return await launched.Task;
    }

    /// <summary>Ends the thread, and with it on Linux every process that it started and that still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        _inbox.Writer.TryComplete();
        await _ended.Task;
    }

    private void Work()
    {
        ChannelReader<(ProcessStartInfo Start, TaskCompletionSource<Process> Launched)> inbox = _inbox.Reader;

        // A thread of its own may block: that is what it is for.
#pragma warning disable VSTHRD002
        while (inbox.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
#pragma warning restore VSTHRD002
        {
            while (inbox.TryRead(out (ProcessStartInfo Start, TaskCompletionSource<Process> Launched) item))
            {
                Launch(item.Start, item.Launched);
            }
        }

        _ended.SetResult();
    }

    private static void Launch(ProcessStartInfo start, TaskCompletionSource<Process> launched)
    {
        Process process = new() { StartInfo = start };
        try
        {
            process.Start();
            launched.SetResult(process);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            process.Dispose();
            launched.SetException(new SandboxException(
                $"The executor's process could not be started ({start.FileName}): {e.Message}", e));
        }
    }
}
