using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Harbor;

namespace Ptorrent.Bench;

/// <summary>A harbor in a process of its own, so that its memory and its CPU can be told from everybody else's. The
/// process is this program again, as the bench <c>serve</c>; it ends with its standard input.</summary>
internal sealed class HarborProcess : IAsyncDisposable
{
    private readonly string _home;
    private readonly Process _process;

    private HarborProcess(string home, Process process, Uri address, string accessKey)
    {
        _home = home;
        _process = process;
        Address = address;
        AccessKey = accessKey;
    }

    public Uri Address { get; }

    public string AccessKey { get; }

    /// <summary>The CPU time that it has used.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes of memory that it holds.</summary>
    public long MemoryBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static async Task<HarborProcess> StartAsync()
    {
        string home = Directory.CreateTempSubdirectory("ptorrent-bench-harbor-").FullName;
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            ArgumentList = { "serve", home },
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(start)!; // Without a shell there always is one.
        string line = await process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException("The harbor did not start.");
        string[] parts = line.Split(' ');
        return new HarborProcess(home, process, new Uri(parts[0]), parts[1]);
    }

    /// <summary>The process's own side. Argument: the home.</summary>
    public static async Task<int> ServeAsync(ImmutableArray<string> arguments)
    {
        await using HarborHost harbor = await HarborHost.StartAsync(
            new HarborOptions { HomeDirectory = arguments[0], Listen = new IPEndPoint(IPAddress.Loopback, 0) },
            NullLoggerFactory.Instance,
            CancellationToken.None);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{harbor.Address} {harbor.AccessKey}"));
        await Console.In.ReadLineAsync();
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_home, recursive: true);
    }
}
