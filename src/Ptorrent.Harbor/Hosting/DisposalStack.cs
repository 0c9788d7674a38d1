namespace Ptorrent.Harbor.Hosting;

/// <summary>What was made, to be disposed of in the opposite order.</summary>
internal sealed class DisposalStack : IAsyncDisposable
{
    private readonly Stack<object> _made = new();

    public T Add<T>(T made)
        where T : notnull
    {
        _made.Push(made);
        return made;
    }

    public async ValueTask DisposeAsync()
    {
        while (_made.TryPop(out object? made))
        {
            if (made is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync();
            }
            else
            {
                (made as IDisposable)?.Dispose();
            }
        }
    }
}
