using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Cli.Output;

/// <summary>Where a product goes: a file, a folder, or standard output.</summary>
internal abstract class ProductTarget : IAsyncDisposable
{
    /// <summary>What stands for standard output.</summary>
    public const string StandardOutput = "-";

    /// <summary>Whether standard output carries the product, so that nothing else may.</summary>
    public virtual bool IsStandardOutput => false;

    /// <summary>Where the product is, for a person; null for standard output.</summary>
    public abstract string? Description { get; }

    /// <summary>Opens the target before any work is begun, so that one that cannot be written is refused in time.
    /// </summary>
    /// <param name="path">A path, <c>-</c>, or null where nothing was said.</param>
    /// <param name="combine">How the product is made.</param>
    /// <param name="note">Takes remarks for the user.</param>
    /// <exception cref="RefusedException">The path does not fit the product.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static ProductTarget Open(string? path, CombineKind combine, Action<string> note)
    {
        string target = path ?? StandardOutput;
        bool isStandardOutput = string.Equals(target, StandardOutput, StringComparison.Ordinal);
        if (combine == CombineKind.Files)
        {
            return isStandardOutput
                ? throw Bad("--combine files makes many files", "Name a folder for them: --out FOLDER")
                : new FolderTarget(target, note);
        }

        if (isStandardOutput)
        {
            return new StreamTarget();
        }

        if (Directory.Exists(target) || target.EndsWith('/') || target.Length == 0)
        {
            throw Bad($"'{target}' is a folder, and the product is one file", "Name a file, or use --combine files");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(target)) ?? "/";
        return Directory.Exists(folder)
            ? new FileTarget(target)
            : throw Bad($"the folder '{folder}' does not exist", "Make it first");
    }

    /// <summary>Writes the product as it comes. It has its name only after <see cref="CommitAsync"/>.</summary>
    public abstract Task WriteAsync(Stream product, CancellationToken stop);

    /// <summary>Says that the product is whole.</summary>
    public abstract Task CommitAsync(CancellationToken stop);

    public abstract ValueTask DisposeAsync();

    private static RefusedException Bad(string rule, string remedy) =>
        new(new Refusal(RefusalCode.InvalidValue, "out", string.Empty, rule, remedy));
}
