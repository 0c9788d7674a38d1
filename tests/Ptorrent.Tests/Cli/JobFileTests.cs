using Ptorrent.Cli.Jobs;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Cli;

public sealed class JobFileTests
{
    [Fact]
    public void Parse_TopOverLines_AreRead()
    {
        JobOptions options = JobFile.Parse("{program: a.ts, lines: words.txt, combine: 'top:12'}", "job.yaml");
        Assert.Equal(("words.txt", CombineKind.Top, 12), (options.Lines, options.Combine, options.TopCount));

        JobOptions above = JobFile.Parse("{over: 0..5, combine: histogram}", "other.yaml");
        JobOptions both = options.OverriddenBy(above);
        Assert.Equal((null, new IndexRange(0, 5)), (both.Lines, both.Over));
        Assert.Equal((CombineKind.Histogram, null), (both.Combine, both.TopCount));
    }

    [Theory]
    [InlineData("top", "how many lines")]
    [InlineData("top:", "how many lines")]
    [InlineData("top:-1", "how many lines")]
    [InlineData("top:99999999999", "how many lines")]
    [InlineData("median", "top:K and histogram")]
    public void Parse_BadWayToCombine_SaysTheRule(string combine, string words)
    {
        RefusedException refused = Assert.Throws<RefusedException>(
            () => JobFile.Parse($"{{program: a.ts, combine: '{combine}'}}", "job.yaml"));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_EveryKey_IsRead()
    {
        JobOptions options = JobFile.Parse(
            """
            program: primes.wasm
            over: 0..1000
            combine: sum
            out: sum.txt
            param:
              width: 640
              title: "a: b"
            fuel-max: 2G
            memory-max: 64MiB
            time-max: 30s
            output-max: 1MiB
            seed: seven
            name: a name
            kind: wasi
            webhook: [http://a.test/x, http://b.test/y]
            deliver: primes
            arguments: ["{begin}", "{end}", -v]
            """,
            "job.yaml");
        Assert.Equal("primes.wasm", options.Program);
        Assert.Equal(new IndexRange(0, 1000), options.Over);
        Assert.Equal(CombineKind.Sum, options.Combine);
        Assert.Equal("sum.txt", options.Out);
        Assert.Equal("a: b", options.Parameters!["title"]);
        Assert.Equal("640", options.Parameters["width"]);
        Assert.Equal(new Fuel(2_000_000_000), options.FuelMax);
        Assert.Equal(64L << 20, options.MemoryBytesMax);
        Assert.Equal(TimeSpan.FromSeconds(30), options.TimeMax);
        Assert.Equal(1L << 20, options.OutputBytesMax);
        Assert.Equal("seven", options.Seed);
        Assert.Equal("a name", options.Name);
        Assert.Equal(ProgramKind.Wasi, options.Kind);
        Assert.Equal(2, options.Webhooks!.Value.Length);
        Assert.Equal(["primes"], options.Folders!.Value);
        Assert.Equal(["{begin}", "{end}", "-v"], options.Arguments!.Value);
    }

    [Theory]
    [InlineData("program: a.wasm\nfuel-mx: 1G\n", "job.yaml:2:1", "fuel-max")]
    [InlineData("program: a.wasm\nover: 5..3\n", "job.yaml:2:7", "ends before it begins")]
    [InlineData("program: [a, b]\n", "job.yaml:1:10", "one value")]
    [InlineData("param: 5\n", "job.yaml:1:8", "mapping")]
    [InlineData("- a\n- b\n", "job.yaml", "one mapping")]
    [InlineData("", "job.yaml", "one mapping")]
    [InlineData("program: a\nprogram: b\n", "job.yaml:2:1", "program")]
    [InlineData("program: \"a\nover: 1\n", "job.yaml:", "")]
    [InlineData("program: {a: b\n", "job.yaml:", "")]
    public void Parse_Wrong_NamesThePlace(string text, string place, string reason)
    {
        RefusedException error = Assert.Throws<RefusedException>(() => JobFile.Parse(text, "job.yaml"));
        Assert.StartsWith(place, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Load_RelativePaths_CountFromTheFilesFolder()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write(
            "jobs/sweep.yaml", "program: a.wasm\nfiles: ['in/*.txt', /absolute/*.txt]\nout: '-'\n");
        JobOptions options = JobFile.Load(path);
        Assert.Equal(folder.Combine("jobs", "a.wasm"), options.Program);
        Assert.Equal([folder.Combine("jobs", "in/*.txt"), "/absolute/*.txt"], options.Files!.Value);
        Assert.Equal("-", options.Out);
    }

    [Fact]
    public void OverriddenBy_CommandLine_WinsFieldByField()
    {
        JobOptions file = JobFile.Parse("program: a.wasm\nover: 0..5\nparam: {a: 1, b: 2}\nname: n\n", "job.yaml");
        JobOptions line = Set("param", "b=3", Set("files", "*.txt", new JobOptions()));
        JobOptions both = file.OverriddenBy(line);
        Assert.Equal("a.wasm", both.Program);
        Assert.Null(both.Over);
        Assert.Equal(["*.txt"], both.Files!.Value);
        Assert.Equal([("a", "1"), ("b", "3")], both.Parameters!.Select(p => (p.Key, p.Value)));
        Assert.Equal("n", both.Name);
    }

    [Theory]
    [InlineData("over", "5..3", "ends before it begins")]
    [InlineData("over", "x", "A..B")]
    [InlineData("over", "-3..5", "A..B")]
    [InlineData("combine", "concatenate", "concat")]
    [InlineData("param", "novalue", "KEY=VALUE")]
    [InlineData("fuel-max", "lots", "20G")]
    [InlineData("memory-max", "5 miles", "512MiB")]
    [InlineData("time-max", "30", "30s")]
    [InlineData("kind", "exe", "wasi")]
    [InlineData("webhook", "nowhere", "http")]
    public void Set_WrongValue_SaysTheRule(string name, string value, string rule)
    {
        RefusedException error = Assert.Throws<RefusedException>(() => Set(name, value, new JobOptions()));
        Assert.Equal(name, error.Refusal.Field);
        Assert.Equal(value, error.Refusal.Value);
        Assert.Contains(rule, error.Message, StringComparison.Ordinal);
    }

    private static JobOptions Set(string name, string value, JobOptions options) =>
        JobFields.Options.Single(f => f.Name == name).Set(options, value);
}
