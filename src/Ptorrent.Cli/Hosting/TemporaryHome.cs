namespace Ptorrent.Cli.Hosting;

/// <summary>A folder of its own for one command, readable by its owner alone, gone when the command ends.</summary>
internal sealed class TemporaryHome : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ptorrent-");

    private readonly bool _keep;

    private TemporaryHome(bool keep) => _keep = keep;

    public string Path => _folder.FullName;

    /// <summary>Makes one.</summary>
    /// <param name="keep">Whether it stays when the command ends.</param>
    public static TemporaryHome Create(bool keep = false) => new(keep);

    public string Combine(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public void Dispose()
    {
        if (_keep)
        {
            return;
        }

        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A process that is ending may still write there; the system clears its temporary folder in time.
        }
    }
}
