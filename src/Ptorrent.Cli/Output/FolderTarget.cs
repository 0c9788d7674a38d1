using System.Globalization;
using Ptorrent.Model.Refusals;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Output;

/// <summary>
/// A product of many files, each of which appears under its name when it is whole. Other files in the folder stay.
/// Names come from programs and are hostile: none leads out of the folder, not even through a link that lies in it.
/// </summary>
internal sealed class FolderTarget : ProductTarget
{
    private readonly string _root;
    private readonly string _shown;
    private readonly Action<string> _note;
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private long _overwrittenCount;
    private string? _overwrittenFirst;

    public FolderTarget(string path, Action<string> note)
    {
        if (File.Exists(path))
        {
            throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue,
                "out",
                path,
                "it is a file, and --combine files needs a folder",
                "Name a folder"));
        }

        _shown = path;
        _note = note;
        _root = Directory.CreateDirectory(path).FullName;
    }

    public override string Description => _shown;

    public override async Task WriteAsync(Stream product, CancellationToken stop)
    {
        ResultFileReader reader = new(product);
        while (await reader.ReadNextAsync(stop) is { } file)
        {
            string path = PathInside(file.Name);
            await using AtomicFile target = AtomicFile.Create(path);
            await file.Content.CopyToAsync(target.Content, stop);
            await target.CommitAsync(stop);
            if (!_written.Add(file.Name))
            {
                _overwrittenCount++;
                _overwrittenFirst ??= file.Name;
            }
        }
    }

    public override Task CommitAsync(CancellationToken stop)
    {
        if (_overwrittenFirst is not null)
        {
            _note(string.Create(
                CultureInfo.InvariantCulture,
                $"{_overwrittenCount} times a file was written that an earlier index had written already, "
                + $"first '{_overwrittenFirst}'; the last one was kept"));
        }

        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The path of a file below the root; makes its folders.</summary>
    private string PathInside(string name)
    {
        string[] parts = name.Split('/');
        string path = _root;
        foreach (string folder in parts[..^1])
        {
            path = Path.Combine(path, folder);
            ThrowIfLink(path, name);
            Directory.CreateDirectory(path);
        }

        path = Path.Combine(path, parts[^1]);
        ThrowIfLink(path, name);
        return !Directory.Exists(path)
            ? path
            : throw new BadResultsException($"the file '{name}' has the name of a folder that is there");
    }

    private static void ThrowIfLink(string path, string name)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new BadResultsException($"the file '{name}' would lead through a symbolic link");
        }
    }
}
