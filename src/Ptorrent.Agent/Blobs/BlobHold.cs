namespace Ptorrent.Agent.Blobs;

/// <summary>Keeps a blob in the cache until it is disposed of. For any thread.</summary>
internal sealed class BlobHold(Action release) : IDisposable
{
    private Action? _release = release;

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
