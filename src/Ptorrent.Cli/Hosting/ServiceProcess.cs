using System.Diagnostics;
using System.Text;
using Ptorrent.Model;

namespace Ptorrent.Cli.Hosting;

/// <summary>
/// This program once more, as a harbor or an agent in a process of its own. It ends when this object is disposed of,
/// and also when this process ends in any other way: it watches its standard input, whose other end is here.
/// </summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private const int ErrorLinesKept = 20;

    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly string _what;
    private readonly TimeProvider _time;
    private readonly Queue<string> _errors = [];
    private readonly Task _reading;
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServiceProcess(Process process, string what, TimeProvider time)
    {
        _process = process;
        _what = what;
        _time = time;
        _reading = Task.WhenAll(ReadErrorsAsync(), ReadReportAsync());
        Ended = EndedAsync();
    }

    /// <summary>The line of JSON that it says when it is ready.</summary>
    public Task<string> Report => _ready.Task;

    /// <summary>Fails when the process ends before it is told to; never succeeds.</summary>
    public Task Ended { get; }

    /// <summary>Starts it.</summary>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="arguments">The command and its options.</param>
    /// <param name="time">The clock.</param>
    public static ServiceProcess Start(string what, IEnumerable<string> arguments, TimeProvider time)
    {
        (string program, string[] own) = ThisProgram();
        ProcessStartInfo info = new(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in own.Concat(arguments).Append("--until-stdin-closes"))
        {
            info.ArgumentList.Add(argument);
        }

        Process process = new() { StartInfo = info };
        Invariant.Holds(process.Start());
        return new ServiceProcess(process, what, time);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using CancellationTokenSource limit = new(StopTimeMax, _time);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        await _reading;
        await Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
    }

    private static (string Program, string[] Arguments) ThisProgram()
    {
        string program = Environment.ProcessPath ?? throw new InvariantException("This process has no path.");
        bool isHost = string.Equals(Path.GetFileNameWithoutExtension(program), "dotnet", StringComparison.Ordinal);
        return isHost ? (program, [Path.Combine(AppContext.BaseDirectory, "ptorrent.dll")]) : (program, []);
    }

    private async Task EndedAsync()
    {
        await _process.WaitForExitAsync();
        await _reading;
        StringBuilder words = new();
        lock (_errors)
        {
            words.AppendJoin('\n', _errors);
        }

        ServiceEndedException error = new(_what, words.ToString());
        _ready.TrySetException(error);
        throw error;
    }

    private async Task ReadReportAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _ready.TrySetResult(line);
        }
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_errors)
            {
                _errors.Enqueue(line);
                if (_errors.Count > ErrorLinesKept)
                {
                    _errors.Dequeue();
                }
            }
        }
    }
}
