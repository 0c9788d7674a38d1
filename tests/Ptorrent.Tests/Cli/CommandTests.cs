using System.Text;
using System.Text.Json;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;
using Ptorrent.Tests.Processes;
using Xunit;

namespace Ptorrent.Tests.Cli;

// The commands as a user starts them: exit codes, what goes to standard output, what is left behind.
[Collection(nameof(CommandTests))]
[CollectionDefinition(nameof(CommandTests), DisableParallelization = true)]
public sealed class CommandTests
{
    private const string Squares = """
        export default ({ index }: { index: number }) => {
          if (index === 13) throw new Error("unlucky");
          return index * index;
        };
        """;

    private static readonly string Primes = RepositoryRoot.Combine("samples", "build", "primes.wasm");
    private static readonly string Mandelbrot = RepositoryRoot.Combine("samples", "build", "mandelbrot.wasm");
    private static readonly string PathTracer = RepositoryRoot.Combine("samples", "build", "path-tracer.wasm");

    [Fact]
    public async Task MapAndRun_SameJob_GiveTheSameBytes()
    {
        using TemporaryFolder folder = new();
        string[] job =
        [
            PathTracer, "--over", "0..3600",
            "--param", "width=80", "--param", "height=45", "--param", "samples=4",
        ];
        (int mapCode, byte[] map, string mapErrors) = await PtorrentProcess.RunAsync(folder.Path, ["map", .. job]);
        (int runCode, byte[] run, string runErrors) = await PtorrentProcess.RunAsync(folder.Path, ["run", .. job]);
        Assert.True(mapCode == 0, mapErrors);
        Assert.True(runCode == 0, runErrors);
        Assert.Equal(80 * 45 * 3, run.Length);
        Assert.Equal(run, map);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Run_Numbers_AreSummedExactly()
    {
        using TemporaryFolder folder = new();
        (int exitCode, byte[] output, string errors) = await PtorrentProcess.RunAsync(
            folder.Path, "run", Primes, "--over", "0..100000", "--combine", "sum", "--", "{begin}", "{end}");
        Assert.True(exitCode == 0, errors);
        Assert.Equal("9592\n", Encoding.ASCII.GetString(output));
        Assert.Contains("done: 100,000 indices", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("map")]
    public async Task ScriptThatThrows_Fails_WithItsMessageAndTheIndex(string command)
    {
        using TemporaryFolder folder = new();
        string script = folder.Write("squares.ts", Squares);
        string product = folder.Combine("out.txt");
        (int exitCode, byte[] output, string errors) = await PtorrentProcess.RunAsync(
            folder.Path, command, script, "--over", "0..20", "--combine", "lines", "--out", product, "--json");
        Assert.Equal(1, exitCode);
        Assert.Contains("squares.ts failed at index 13", errors, StringComparison.Ordinal);
        Assert.Contains("unlucky", errors, StringComparison.Ordinal);
        Assert.Contains("squares.ts:2", errors, StringComparison.Ordinal);
        Assert.Equal(JobState.Failed, JsonSerializer.Deserialize(output, ModelJson.Default.JobStatus)!.State);
        Assert.Equal([script], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task Map_JobFileAndFiles_WritesAFolder()
    {
        using TemporaryFolder folder = new();
        folder.Write("in/b.txt", "two words");
        folder.Write("in/deep/a.txt", "one");
        folder.Write(
            "count.ts", "export default ({ input }: any) => new TextDecoder().decode(input).split(' ').length;");
        string job = folder.Write(
            "job.yaml", "program: count.ts\nfiles: ['in/**/*.txt']\ncombine: concat\nout: counts\n");
        (int exitCode, byte[] output, string errors) =
            await PtorrentProcess.RunAsync(folder.Path, "map", "--job", job, "--combine", "files", "--json");
        Assert.True(exitCode == 0, errors);
        Assert.Equal("2", await File.ReadAllTextAsync(folder.Combine("counts", "b.txt")));
        Assert.Equal("1", await File.ReadAllTextAsync(folder.Combine("counts", "a.txt")));
        Assert.Equal(2, JsonSerializer.Deserialize(output, ModelJson.Default.JobStatus)!.IndicesDone);
    }

    [Fact]
    public async Task Up_JobsOfItsHome_AreListedFollowedFetchedAndCancelled()
    {
        using TemporaryFolder folder = new();
        await using PtorrentProcess up =
            PtorrentProcess.Start(folder.Path, "up", "--listen", "127.0.0.1:0", "--slots", "1");
        await up.SawAsync("gives 1 executor");
        await up.SawAsync("Linked to");

        string id = Text(await RunAsync(folder, "map", Mandelbrot, "--over", "0..40", "--detach")).Trim();
        Assert.StartsWith("job_", id, StringComparison.Ordinal);
        string followed = Text(await RunAsync(folder, "job", id[4..9], "--follow"));
        Assert.Contains("accepted", followed, StringComparison.Ordinal);
        Assert.Contains(id, Text(await RunAsync(folder, "jobs")), StringComparison.Ordinal);
        byte[] fetched = await RunAsync(folder, "results", id);
        Assert.Equal(await RunAsync(folder, "run", Mandelbrot, "--over", "0..40"), fetched);
        using (JsonDocument network = JsonDocument.Parse(await RunAsync(folder, "network", "--json")))
        {
            Assert.Equal(1, network.RootElement.GetProperty("agents")[0].GetProperty("slotCount").GetInt32());
        }

        string endless = Text(await RunAsync(folder, "map", PathTracer, "--over", "0..900000000", "--detach")).Trim();
        await RunAsync(folder, "cancel", endless);
        (int exitCode, _, string errors) = await PtorrentProcess.RunAsync(folder.Path, "results", endless);
        Assert.Equal(1, exitCode);
        Assert.Contains("was cancelled", errors, StringComparison.Ordinal);
        await up.InterruptAsync();
        Assert.Equal(0, (await up.EndAsync()).ExitCode);
        Assert.False(File.Exists(folder.Combine("harbor", "harbor.json")));
    }

    [Fact]
    public async Task Demo_SmallPicture_IsWrittenAndChecked()
    {
        using TemporaryFolder folder = new();
        string picture = folder.Combine("demo.png");
        (int exitCode, _, string errors) = await PtorrentProcess.RunAsync(
            folder.Path, "demo", "--width", "64", "--height", "36", "--samples", "4", "--out", picture);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("bytes are identical", errors, StringComparison.Ordinal);
        Assert.Matches("agent [12] computed [0-9,]+ pixels", errors);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], (await File.ReadAllBytesAsync(picture))[..4]);
        Assert.Equal([picture], Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Demo_StoppedInTheMiddle_LeavesNoProcessAndNoFile(bool kill)
    {
        using TemporaryFolder folder = new();
        await using PtorrentProcess demo =
            PtorrentProcess.Start(folder.Path, "demo", "--out", "demo.png", "--samples", "500");
        await demo.SawAsync("at work");
        int[] children = [.. ProcessTree.Below(demo.Id)];
        Assert.True(children.Length >= 3, $"A harbor and two agents were expected, not {children.Length} processes.");
        if (kill)
        {
            await demo.KillAsync();
            await ProcessTree.WaitForEndAsync(children);
        }
        else
        {
            await demo.InterruptAsync();
            Assert.Equal(130, (await demo.EndAsync()).ExitCode);
            Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
        }

        Assert.DoesNotContain(children, ProcessTree.IsAlive);
        Assert.False(File.Exists(folder.Combine("demo.png")));
    }

    [Fact]
    public async Task Run_NobodyReadsTheProduct_Ends()
    {
        using TemporaryFolder folder = new();
        await using PtorrentProcess run =
            PtorrentProcess.Start(folder.Path, "run", Mandelbrot, "--over", "0..900000000000");
        run.CloseOutput();
        (int exitCode, _, string errors) = await run.EndAsync();
        Assert.Equal(1, exitCode);
        Assert.Contains("was closed before the product was whole", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "there is no such file", "map", "nothing.wasm", "--over", "0..5")]
    [InlineData(2, "the range ends before it begins", "map", "x.wasm", "--over", "5..3")]
    [InlineData(2, "no file matches", "map", "x.ts", "--files", "*.nothing")]
    [InlineData(2, "it is no WebAssembly module", "map", "note.txt", "--over", "0..5")]
    [InlineData(2, "Did you mean --combine", "map", "x.ts", "--combin", "sum")]
    [InlineData(2, "Name a folder for them", "map", "x.ts", "--over", "0..5", "--combine", "files")]
    [InlineData(2, "bad.yaml:2:1: 'ovre' is no key", "map", "--job", "bad.yaml")]
    [InlineData(2, "a harbor delivers products", "run", "x.ts", "--over", "0..5", "--deliver", "there")]
    [InlineData(2, "one argument too many", "map", "x.ts", "extra", "--over", "0..5")]
    [InlineData(3, "no harbor runs with the home", "jobs")]
    [InlineData(3, "no harbor runs with the home", "map", "x.ts", "--over", "0..5", "--detach")]
    [InlineData(3, "nothing listens there", "jobs", "--harbor", "127.0.0.1:9", "--key-file", "key")]
    public async Task WrongUse_IsToldInOneLine(int expectedCode, string expected, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        folder.Write("x.ts", "export default () => 1;");
        folder.Write("note.txt", "not a module");
        folder.Write("key", "some-key");
        folder.Write("bad.yaml", "program: x.ts\novre: 0..5\n");
        (int exitCode, byte[] output, string errors) = await PtorrentProcess.RunAsync(folder.Path, arguments);
        Assert.Equal(expectedCode, exitCode);
        Assert.StartsWith("ptorrent: ", errors, StringComparison.Ordinal);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Equal(1, errors.Count(c => c == '\n'));
        Assert.Empty(output);
    }

    private static async Task<byte[]> RunAsync(TemporaryFolder folder, params string[] arguments)
    {
        (int exitCode, byte[] output, string errors) = await PtorrentProcess.RunAsync(folder.Path, arguments);
        Assert.True(exitCode == 0, errors);
        return output;
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
