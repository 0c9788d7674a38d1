using System.CommandLine;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Display;
using Xunit;

namespace Ptorrent.Tests.Cli;

public sealed class UsageTests
{
    [Theory]
    [InlineData("jbos", "there is no command 'jbos'. Did you mean jobs?")]
    [InlineData("xyzzy", "there is no command 'xyzzy'. See ptorrent --help")]
    [InlineData("jobs --jsno", "there is no option '--jsno'. Did you mean --json?")]
    [InlineData("jobs --xyzzy", "there is no option '--xyzzy'. See ptorrent jobs --help")]
    [InlineData("job", "job needs ID. See ptorrent job --help")]
    [InlineData("", "a command is missing. See ptorrent --help")]
    [InlineData("jobs extra", "'extra' is one argument too many")]
    [InlineData("job 7k3 --home", "--home needs a value, FOLDER")]
    [InlineData("jobs --home a --home b", "--home is given more than once")]
    public void Describe_WrongUsage_SaysWhatToDo(string line, string expected)
    {
        ParseResult result = PtorrentCommand.Build(null).Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(expected, UsageErrors.Describe(result));
    }

    [Theory]
    [InlineData("jobs --json -q --home /x")]
    [InlineData("job 7k3 --follow")]
    [InlineData("results 7k3 --out file")]
    public void Describe_RightUsage_IsNull(string line) =>
        Assert.Null(UsageErrors.Describe(PtorrentCommand.Build(null).Parse(line.Split(' '))));

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("over", "over", 0)]
    [InlineData("ovre", "over", 1)]
    [InlineData("combin", "combine", 1)]
    [InlineData("abc", "xyz", 3)]
    public void Distance_Words_CountsTypingErrors(string left, string right, int expected) =>
        Assert.Equal(expected, Suggestions.Distance(left, right));

    [Theory]
    [InlineData(0, "0 ")]
    [InlineData(999, "999 ")]
    [InlineData(999.6, "1.00 k")]
    [InlineData(1_500, "1.50 k")]
    [InlineData(99_960, "100 k")]
    [InlineData(12_300_000_000, "12.3 G")]
    public void Short_Number_HasThreeDigits(double value, string expected) =>
        Assert.Equal(expected, Figures.Short(value));

    [Theory]
    [InlineData(999_999, 1_000_000, "99.9 %")]
    [InlineData(1_000_000, 1_000_000, "100.0 %")]
    [InlineData(0, 10, "0.0 %")]
    public void OfShare_NotAllDone_NeverSaysAll(long part, long whole, string expected) =>
        Assert.Equal(expected, Figures.OfShare(part, whole));

    [Fact]
    public void Plain_EscapeSequences_AreTakenOut() =>
        Assert.Equal("a\uFFFD[31mb\uFFFD\tc\n", Terminal.Plain("a\x1b[31mb\u009b\tc\n"));
}
