using System.Security.Cryptography;
using Xunit;

namespace Ptorrent.Tests.Processes;

// Real processes, killed without a good-bye in the middle of a real job; the product must be the same bytes as without.
[Collection(nameof(CrashTests))]
[CollectionDefinition(nameof(CrashTests), DisableParallelization = true)]
public sealed class CrashTests
{
    // A picture of some eight seconds on two fast cores, so that there is a middle to be killed in on any machine.
    private static readonly string[] Picture =
    [
        RepositoryRoot.Combine("samples", "build", "path-tracer.wasm"),
        "--over", "0..14400", "--param", "width=160", "--param", "height=90", "--param", "samples=480",
    ];

    [Fact]
    public async Task Agent_KilledInTheMiddleOfAJob_TheJobEndsWithTheSameBytes()
    {
        using TemporaryFolder folder = new();
        string home = folder.Path;
        byte[] expected = await RunAloneAsync(home);
        await using PtorrentProcess harbor = PtorrentProcess.Start(home, "harbor", "--listen", "127.0.0.1:0");
        await harbor.SawAsync("listens on");
        await using PtorrentProcess doomed = StartAgent(home, "doomed");
        await using PtorrentProcess other = StartAgent(home, "other");
        await doomed.SawAsync("Linked to");
        await other.SawAsync("Linked to");

        string product = Path.Combine(home, "picture.rgb");
        await using PtorrentProcess map = PtorrentProcess.Start(home, ["map", .. Picture, "--out", product]);
        await map.SawAsync("at work");
        await doomed.KillAsync();
        (int exitCode, _, string errors) = await map.EndAsync();

        Assert.True(exitCode == 0, errors);
        Assert.Equal(Hash(expected), Hash(await File.ReadAllBytesAsync(product)));
        Assert.Contains("'doomed'", harbor.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Harbor_KilledInTheMiddleOfAJobAndStartedAgain_TheJobGoesOnWithTheSameBytes()
    {
        using TemporaryFolder folder = new();
        string home = folder.Path;
        byte[] expected = await RunAloneAsync(home);
        int port = FreePort.Find();
        PtorrentProcess harbor = PtorrentProcess.Start(home, "harbor", "--listen", $"127.0.0.1:{port}");
        await using PtorrentProcess first = harbor;
        await harbor.SawAsync("listens on");
        await using PtorrentProcess agent = StartAgent(home, "agent");
        await agent.SawAsync("Linked to");

        string product = Path.Combine(home, "picture.rgb");
        await using PtorrentProcess map = PtorrentProcess.Start(home, ["map", .. Picture, "--out", product]);
        await map.SawAsync("at work");
        await harbor.KillAsync();
        await using PtorrentProcess second = PtorrentProcess.Start(home, "harbor", "--listen", $"127.0.0.1:{port}");
        await second.SawAsync("listens on");
        (int exitCode, _, string errors) = await map.EndAsync();

        Assert.True(exitCode == 0, errors);
        Assert.Equal(Hash(expected), Hash(await File.ReadAllBytesAsync(product)));
    }

    [Fact]
    public async Task Map_Interrupted_LeavesNoProductAndNoProcess()
    {
        using TemporaryFolder folder = new();
        string product = Path.Combine(folder.Path, "out", "picture.rgb");
        Directory.CreateDirectory(Path.GetDirectoryName(product)!);
        await using PtorrentProcess map = PtorrentProcess.Start(folder.Path, ["map", .. Picture, "--out", product]);
        await map.SawAsync("at work");
        int[] children = [.. ProcessTree.Below(map.Id)];
        Assert.NotEmpty(children);

        await map.InterruptAsync();
        (int exitCode, _, _) = await map.EndAsync();

        Assert.Equal(130, exitCode);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(product)!));
        Assert.DoesNotContain(children, ProcessTree.IsAlive);
    }

    private static PtorrentProcess StartAgent(string home, string name) =>
        PtorrentProcess.Start(home, "agent", "--slots", "1", "--name", name, "--home", HomeOf(home, name),
            "--key-file", Path.Combine(home, "harbor", "access.key"), "--harbor", AddressOf(home));

    private static string HomeOf(string home, string name) => Path.Combine(home, name);

    private static string AddressOf(string home)
    {
        using System.Text.Json.JsonDocument record =
            System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(home, "harbor", "harbor.json")));
        return record.RootElement.GetProperty("address").GetString()!;
    }

    private static async Task<byte[]> RunAloneAsync(string home)
    {
        string product = Path.Combine(home, "alone.rgb");
        (int exitCode, _, string errors) =
            await PtorrentProcess.RunAsync(home, ["run", .. Picture, "--out", product, "--quiet"]);
        Assert.True(exitCode == 0, errors);
        byte[] bytes = await File.ReadAllBytesAsync(product);
        Assert.Equal(160 * 90 * 3, bytes.Length);
        return bytes;
    }

    private static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));
}
