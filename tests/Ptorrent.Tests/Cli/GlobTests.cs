using Ptorrent.Cli.Jobs;
using Xunit;

namespace Ptorrent.Tests.Cli;

public sealed class GlobTests
{
    [Theory]
    [InlineData("*.txt", "a.txt", true)]
    [InlineData("*.txt", "a.txt.gz", false)]
    [InlineData("*.txt", ".hidden.txt", false)]
    [InlineData(".*", ".hidden", true)]
    [InlineData("?.txt", "a.txt", true)]
    [InlineData("?.txt", "ab.txt", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[a-c]x", "dx", false)]
    [InlineData("[!a-c]x", "dx", true)]
    [InlineData("[!a-c]x", "ax", false)]
    [InlineData("[]a]", "]", true)]
    [InlineData("[a-]", "-", true)]
    [InlineData("[", "[", true)]
    [InlineData("a*b*c", "axxbyyc", true)]
    [InlineData("a*b*c", "axxbyy", false)]
    [InlineData("*", "anything", true)]
    [InlineData("**", "anything", true)]
    [InlineData("a.c", "abc", false)]
    public void Matches_Name_FollowsThePattern(string pattern, string name, bool expected) =>
        Assert.Equal(expected, Glob.Matches(pattern, name));

    [Fact]
    public void Matches_ManyStars_EndsSoon()
    {
        string pattern = string.Concat(Enumerable.Repeat("*a", 60)) + "b";
        Assert.False(Glob.Matches(pattern, new string('a', 3_000)));
    }

    [Fact]
    public void Expand_FoldersOfAnyDepth_FindsRegularFilesInOrder()
    {
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["b.txt", "a.txt", "B.txt", "x/c.txt", "x/y/d.txt", "x/.h/e.txt", "x/f.md"])
        {
            folder.Write(name, name);
        }

        Directory.CreateDirectory(folder.Combine("folder.txt"));
        Assert.Equal(
            ["B.txt", "a.txt", "b.txt", "x/c.txt", "x/y/d.txt"], Relative(folder, "**/*.txt"));
        Assert.Equal(["B.txt", "a.txt", "b.txt"], Relative(folder, "*.txt"));
        Assert.Equal(["x/c.txt"], Relative(folder, "*/*.txt"));
        Assert.Equal(["x/c.txt", "x/f.md", "x/y/d.txt"], Relative(folder, "x/**"));
        Assert.Empty(Relative(folder, "*.gz"));
        Assert.Empty(Relative(folder, "missing/*.txt"));
    }

    [Fact]
    public void Expand_FileThatLooksLikeAPattern_IsItself()
    {
        using TemporaryFolder folder = new();
        folder.Write("a[1].txt", "x");
        folder.Write("a1.txt", "y");
        Assert.Equal(["a[1].txt"], Relative(folder, "a[1].txt"));
    }

    [Fact]
    public void Expand_FolderLinkInACircle_Ends()
    {
        Assert.SkipUnless(!OperatingSystem.IsWindows(), "Symbolic links need rights on Windows.");
        using TemporaryFolder folder = new();
        folder.Write("x/a.txt", "a");
        Directory.CreateSymbolicLink(folder.Combine("x", "again"), folder.Path);
        File.CreateSymbolicLink(folder.Combine("x", "link.txt"), folder.Combine("x", "a.txt"));
        File.CreateSymbolicLink(folder.Combine("x", "dangling.txt"), folder.Combine("nothing"));
        Assert.Equal(["x/a.txt", "x/link.txt"], Relative(folder, "**/*.txt"));
    }

    [Fact]
    public void Expand_Device_IsNoRegularFile()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Devices are told from files on Linux.");
        Assert.Empty(Glob.Expand("/dev/null"));
        Assert.Empty(Glob.Expand("/dev/nul?"));
    }

    private static string[] Relative(TemporaryFolder folder, string pattern) =>
        [.. Glob.Expand(folder.Combine(pattern)).Select(p => Path.GetRelativePath(folder.Path, p))];
}
