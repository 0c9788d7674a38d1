using System.Text.Json;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor.Hosting;

/// <summary>Keeps a home for one harbor at a time, and says in <c>harbor.json</c> where that harbor is.</summary>
internal sealed class HomeLock : IAsyncDisposable
{
    private const string LockFileName = "harbor.lock";
    private const string AddressFileName = "harbor.json";

    private readonly FileStream _lock;

    private HomeLock(string folder, FileStream @lock)
    {
        Folder = folder;
        _lock = @lock;
    }

    /// <summary>The home, with its full path.</summary>
    public string Folder { get; }

    /// <summary>Makes the home if it is not there, and takes it.</summary>
    /// <exception cref="RefusedException">Another harbor has it, or it cannot be made.</exception>
    public static HomeLock Take(string home)
    {
        string folder = Path.GetFullPath(home);
        try
        {
            DurableFiles.MakeFolder(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(
                new Refusal(
                    RefusalCode.InvalidValue,
                    "home",
                    folder,
                    $"the folder cannot be made: {exception.Message}",
                    "Name another"),
                exception);
        }

        try
        {
            FileStream taken = new(
                Path.Combine(folder, LockFileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new HomeLock(folder, taken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(
                new Refusal(
                    RefusalCode.Conflict,
                    "home",
                    folder,
                    "a harbor runs in this home already, or it belongs to another user",
                    "Stop that harbor, or give this one another home"),
                exception);
        }
    }

    /// <summary>Says where the harbor listens.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public Task PublishAsync(Uri address, CancellationToken stop) => DurableFiles.WriteAsync(
        Path.Combine(Folder, AddressFileName),
        JsonSerializer.SerializeToUtf8Bytes(new { address = address.ToString(), pid = Environment.ProcessId }),
        stop);

    /// <summary>Leaves the home to others.</summary>
    public ValueTask DisposeAsync()
    {
        File.Delete(Path.Combine(Folder, AddressFileName));
        return _lock.DisposeAsync();
    }
}
