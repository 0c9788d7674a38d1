namespace Ptorrent.Cli.Hosting;

/// <summary>
/// A folder of its own for one command, readable by its owner alone, gone when the command ends. What a command that
/// was killed left behind is cleared away by the next one: a file in the folder is locked as long as its command lives.
/// </summary>
internal sealed class TemporaryHome : IDisposable
{
    private const string NamePrefix = "ptorrent-home-";
    private const string LockName = "in-use";

    private readonly bool _keep;
    private readonly FileStream _lock;

    private TemporaryHome(string path, bool keep)
    {
        Path = path;
        _keep = keep;
        _lock = new FileStream(Combine(LockName), FileMode.CreateNew, FileAccess.Write, FileShare.None);
    }

    public string Path { get; }

    /// <summary>Makes one.</summary>
    /// <param name="keep">Whether it stays when the command ends.</param>
    public static TemporaryHome Create(bool keep = false)
    {
        foreach (string left in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), NamePrefix + "*"))
        {
            ClearIfLeft(left);
        }

        return new TemporaryHome(Directory.CreateTempSubdirectory(NamePrefix).FullName, keep);
    }

    public string Combine(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (_keep)
        {
            File.Delete(_lock.Name);
        }
        else
        {
            Clear(Path);
        }

        _lock.Dispose();
    }

    private static void ClearIfLeft(string path)
    {
        string name = System.IO.Path.Combine(path, LockName);
        try
        {
            // A folder without the file is kept on purpose, or has just been made.
            using FileStream held = new(name, FileMode.Open, FileAccess.Write, FileShare.None);
            Clear(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Its command lives, or it belongs to somebody else.
        }
    }

    private static void Clear(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (IOException)
        {
            // A process that is ending may still write there; the next command clears it away.
        }
    }
}
