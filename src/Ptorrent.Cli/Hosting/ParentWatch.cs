namespace Ptorrent.Cli.Hosting;

/// <summary>
/// Ends with its parent: a parent that started this process holds the other end of its standard input, and the system
/// closes that however the parent ends, kill -9 included.
/// </summary>
internal static class ParentWatch
{
    /// <summary>Cancels <paramref name="end"/> when standard input ends.</summary>
    /// <remarks>The thread sits in a read that nothing can break off; as a background thread it ends with the process.
    /// </remarks>
    public static void Start(CancellationTokenSource end)
    {
        Thread thread = new(() =>
        {
            using Stream input = Console.OpenStandardInput();
            Span<byte> ignored = stackalloc byte[256];
            while (input.Read(ignored) > 0)
            {
                // Nothing is said on it; only its end matters.
            }

            try
            {
                end.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The process is ending anyway.
            }
        })
        {
            IsBackground = true,
            Name = "parent watch",
        };
        thread.Start();
    }
}
