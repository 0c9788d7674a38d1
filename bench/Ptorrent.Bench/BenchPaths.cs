namespace Ptorrent.Bench;

/// <summary>What the benches need from the repository, built beforehand by <c>./ptorrent --version</c>.</summary>
internal sealed record BenchPaths(string Root, string Runtime, string Executor, string Samples)
{
    /// <summary>Finds the repository above this program.</summary>
    /// <exception cref="InvalidOperationException">Something is missing; the message names it.</exception>
    public static BenchPaths Find()
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "ptorrent.slnx")))
        {
            root = Path.GetDirectoryName(root);
        }

        if (root is null)
        {
            throw new InvalidOperationException("The benches run inside the repository.");
        }

        string deno = Path.Combine(root, "node_modules", "@deno");
        string runtime = Directory.Exists(deno)
            ? Directory.EnumerateFiles(deno, "deno", SearchOption.AllDirectories).FirstOrDefault() ?? string.Empty
            : string.Empty;
        string executor = Path.Combine(root, "web", "executor", "dist", "executor.js");
        string samples = Path.Combine(root, "samples", "build");
        if (runtime.Length == 0 || !File.Exists(executor) || !Directory.Exists(samples))
        {
            throw new InvalidOperationException("Run ./ptorrent --version first: it builds what the benches need.");
        }

        return new BenchPaths(root, runtime, executor, samples);
    }
}
