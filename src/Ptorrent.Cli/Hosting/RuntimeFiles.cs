using Ptorrent.Model.Refusals;

namespace Ptorrent.Cli.Hosting;

/// <summary>Where the runtime (Deno) and the executor's script are.</summary>
/// <param name="RuntimePath">The Deno binary.</param>
/// <param name="ExecutorPath">The executor's script.</param>
internal sealed record RuntimeFiles(string RuntimePath, string ExecutorPath)
{
    private const string RuntimeVariable = "PTORRENT_RUNTIME";
    private const string ExecutorVariable = "PTORRENT_EXECUTOR";

    /// <summary>Looks where the environment says, then beside this program, then in the checkout that it was built in.
    /// </summary>
    /// <exception cref="RefusedException">One of them is nowhere.</exception>
    public static RuntimeFiles Find()
    {
        string own = AppContext.BaseDirectory;
        string name = OperatingSystem.IsWindows() ? "deno.exe" : "deno";
        string? checkout = FindCheckout(own);
        string? packages = checkout is null ? null : Path.Combine(checkout, "node_modules", "@deno");
        string[] installed = packages is not null && Directory.Exists(packages)
            ? [.. Directory.GetDirectories(packages).Select(folder => Path.Combine(folder, name))]
            : [];
        string built = Path.Combine(checkout ?? own, "web", "executor", "dist", "executor.js");
        return new RuntimeFiles(
            FirstOf("runtime", RuntimeVariable, [Path.Combine(own, name), .. installed], "Run npm ci in the checkout"),
            FirstOf(
                "executor",
                ExecutorVariable,
                [Path.Combine(own, "executor.js"), built],
                "Run npm run build in the checkout"));
    }

    /// <summary>The checkout that <paramref name="folder"/> lies in; null where it lies in none.</summary>
    public static string? FindCheckout(string folder)
    {
        for (DirectoryInfo? current = new(folder); current is not null; current = current.Parent)
        {
            if (File.Exists(Path.Combine(current.FullName, "ptorrent.slnx")))
            {
                return current.FullName;
            }
        }

        return null;
    }

    private static string FirstOf(string field, string variable, string[] candidates, string remedy)
    {
        string? said = Environment.GetEnvironmentVariable(variable);
        if (!string.IsNullOrEmpty(said))
        {
            candidates = [said];
        }

        return candidates.FirstOrDefault(File.Exists)
            ?? throw new RefusedException(new Refusal(
                RefusalCode.NotFound, field, candidates[^1], "there is no such file",
                $"Start ptorrent by its launcher, set {variable}, or: {remedy}"));
    }
}
