using System.IO.Pipelines;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Output;

namespace Ptorrent.Cli.Local;

/// <summary>Brings a local run's product to its target while it grows.</summary>
internal static class LocalProduct
{
    public static async Task WriteAsync(LocalRun run, ProductTarget target, CancellationToken stop)
    {
        Pipe pipe = new();

        async Task RunAsync(CancellationToken token)
        {
            await run.RunAsync(async segment => await pipe.Writer.WriteAsync(segment, token), token);

            // Completed only here: a run that failed must not look like a product that is whole.
            await pipe.Writer.CompleteAsync();
        }

        await Together.RunAsync(
            [RunAsync, token => target.WriteAsync(pipe.Reader.AsStream(), token)], unless: null, stop);
    }
}
