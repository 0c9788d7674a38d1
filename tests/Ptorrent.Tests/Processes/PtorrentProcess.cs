using System.Diagnostics;
using System.Text;
using Xunit;

namespace Ptorrent.Tests.Processes;

/// <summary>A <c>./ptorrent</c> as a user starts it; killed with all its children when disposed of.</summary>
internal sealed class PtorrentProcess : IAsyncDisposable
{
    private static readonly TimeSpan PhaseTimeMax = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly StringBuilder _errors = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _awaited = [];
    private readonly Task _reading;
    private readonly Task<byte[]> _output;

    private PtorrentProcess(Process process)
    {
        _process = process;
        _output = ReadOutputAsync();
        _reading = ReadErrorsAsync();
    }

    /// <summary>The process id, which the launcher keeps when it becomes the program.</summary>
    public int Id => _process.Id;

    /// <summary>What it wrote to standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (_gate)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Starts it with its home in <paramref name="home"/>.</summary>
    public static PtorrentProcess Start(string home, params string[] arguments)
    {
        ProcessStartInfo start = new(RepositoryRoot.Combine("ptorrent"), arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home,
        };
        start.Environment["PTORRENT_HOME"] = home;
        start.Environment.Remove("PTORRENT_HARBOR");
        start.Environment.Remove("PTORRENT_KEY_FILE");
        return new PtorrentProcess(Process.Start(start)!);
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, byte[] Output, string Errors)> RunAsync(
        string home, params string[] arguments)
    {
        await using PtorrentProcess process = Start(home, arguments);
        return await process.EndAsync();
    }

    /// <summary>Waits until a text stands on standard error.</summary>
    public async Task SawAsync(string text)
    {
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_errors.ToString().Contains(text, StringComparison.Ordinal))
            {
                return;
            }

            _awaited.Add((text, seen));
        }

        Task first = await Task.WhenAny(seen.Task, _reading, Task.Delay(PhaseTimeMax));
        Assert.True(
            first == seen.Task || seen.Task.IsCompleted,
            $"'{text}' was not seen before the end or within {PhaseTimeMax}; standard error: {Errors}");
    }

    /// <summary>Reads its standard output no more.</summary>
    public void CloseOutput() => _process.StandardOutput.BaseStream.Dispose();

    /// <summary>Waits for the end by itself.</summary>
    public async Task<(int ExitCode, byte[] Output, string Errors)> EndAsync()
    {
        using CancellationTokenSource patience = new(PhaseTimeMax * 2);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"ptorrent did not end within {PhaseTimeMax * 2}; standard error: {Errors}");
        }

        byte[] output = await _output;
        await _reading;
        return (_process.ExitCode, output, Errors);
    }

    /// <summary>What <c>kill -9</c> does: no good-bye.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync();
    }

    /// <summary>What Ctrl-C does.</summary>
    public async Task InterruptAsync()
    {
        using Process kill = Process.Start("kill", ["-INT", $"{Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task<byte[]> ReadOutputAsync()
    {
        using MemoryStream bytes = new();
        try
        {
            await _process.StandardOutput.BaseStream.CopyToAsync(bytes);
        }
        catch (Exception error) when (error is ObjectDisposedException or IOException or OperationCanceledException)
        {
            // CloseOutput.
        }

        return bytes.ToArray();
    }

    private async Task ReadErrorsAsync()
    {
        char[] buffer = new char[4096];
        int count;
        while ((count = await _process.StandardError.ReadAsync(buffer)) > 0)
        {
            lock (_gate)
            {
                _errors.Append(buffer, 0, count);
                string all = _errors.ToString();
                _awaited.RemoveAll(a => all.Contains(a.Text, StringComparison.Ordinal) && a.Seen.TrySetResult());
            }
        }
    }
}
