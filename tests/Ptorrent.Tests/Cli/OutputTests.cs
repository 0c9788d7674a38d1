using System.Text;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Segments;
using Ptorrent.Sdk;
using Xunit;

namespace Ptorrent.Tests.Cli;

public sealed class OutputTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AtomicFile_BeforeCommit_LeavesTheOldContent()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("out.txt", "old");
        await using AtomicFile file = AtomicFile.Create(path);
        await file.Content.WriteAsync("new"u8.ToArray(), Stop);
        Assert.Equal("old", await File.ReadAllTextAsync(path, Stop));
        await file.CommitAsync(Stop);
        Assert.Equal("new", await File.ReadAllTextAsync(path, Stop));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task AtomicFile_NeverCommitted_LeavesNothing()
    {
        using TemporaryFolder folder = new();
        await using (AtomicFile file = AtomicFile.Create(folder.Combine("out.txt")))
        {
            await file.Content.WriteAsync("new"u8.ToArray(), Stop);
        }

        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task AtomicFile_Link_ReplacesTheFileAtItsEnd()
    {
        Assert.SkipUnless(!OperatingSystem.IsWindows(), "Symbolic links need rights on Windows.");
        using TemporaryFolder folder = new();
        string target = folder.Write("deep/target.txt", "old");
        File.CreateSymbolicLink(folder.Combine("link.txt"), target);
        await using AtomicFile file = AtomicFile.Create(folder.Combine("link.txt"));
        await file.Content.WriteAsync("new"u8.ToArray(), Stop);
        await file.CommitAsync(Stop);
        Assert.Equal("new", await File.ReadAllTextAsync(target, Stop));
        Assert.Equal(target, new FileInfo(folder.Combine("link.txt")).LinkTarget);
    }

    [Fact]
    public async Task AtomicFile_Device_IsWrittenAndStays()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is a /dev/null to write to on Linux.");
        await using AtomicFile file = AtomicFile.Create("/dev/null");
        await file.Content.WriteAsync("x"u8.ToArray(), Stop);
        await file.CommitAsync(Stop);
        Assert.False(RegularFile.Exists("/dev/null"));
    }

    [Theory]
    [InlineData(null, CombineKind.Files, "--out FOLDER")]
    [InlineData("-", CombineKind.Files, "--out FOLDER")]
    [InlineData(".", CombineKind.Concat, "is a folder")]
    [InlineData("no/such/folder/out.txt", CombineKind.Concat, "does not exist")]
    public void Open_PathThatDoesNotFit_IsRefused(string? path, CombineKind combine, string reason)
    {
        RefusedException error = Assert.Throws<RefusedException>(() => ProductTarget.Open(path, combine, _ => { }));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FolderTarget_Files_AreWrittenBesideWhatIsThere()
    {
        using TemporaryFolder folder = new();
        folder.Write("out/kept.txt", "kept");
        await WriteAsync(folder.Combine("out"), ("a.txt", "A"), ("deep/er/b.txt", "B"));
        Assert.Equal("A", await File.ReadAllTextAsync(folder.Combine("out", "a.txt"), Stop));
        Assert.Equal("B", await File.ReadAllTextAsync(folder.Combine("out", "deep", "er", "b.txt"), Stop));
        Assert.Equal("kept", await File.ReadAllTextAsync(folder.Combine("out", "kept.txt"), Stop));
        Assert.Equal(3, Directory.GetFiles(folder.Combine("out"), "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task FolderTarget_SameNameTwice_KeepsTheLastAndSaysSo()
    {
        using TemporaryFolder folder = new();
        List<string> notes = await WriteAsync(folder.Combine("out"), ("a.txt", "first"), ("a.txt", "second"));
        Assert.Equal("second", await File.ReadAllTextAsync(folder.Combine("out", "a.txt"), Stop));
        Assert.Contains("'a.txt'", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("link/x.txt")]
    [InlineData("file-link")]
    public async Task FolderTarget_NameThroughALink_IsRefused(string name)
    {
        Assert.SkipUnless(!OperatingSystem.IsWindows(), "Symbolic links need rights on Windows.");
        using TemporaryFolder folder = new();
        folder.Write("outside/secret.txt", "secret");
        Directory.CreateDirectory(folder.Combine("out"));
        Directory.CreateSymbolicLink(folder.Combine("out", "link"), folder.Combine("outside"));
        File.CreateSymbolicLink(folder.Combine("out", "file-link"), folder.Combine("outside", "secret.txt"));
        await Assert.ThrowsAsync<BadResultsException>(() => WriteAsync(folder.Combine("out"), (name, "evil")));
        Assert.Equal("secret", await File.ReadAllTextAsync(folder.Combine("outside", "secret.txt"), Stop));
        Assert.Single(Directory.GetFiles(folder.Combine("outside")));
    }

    private static async Task<List<string>> WriteAsync(string path, params (string Name, string Content)[] files)
    {
        using MemoryStream product = new();
        foreach ((string name, string content) in files)
        {
            byte[] head = new byte[FileEntryHeader.HeaderBytesMax];
            int length = new FileEntryHeader(name, Encoding.UTF8.GetByteCount(content)).Write(head);
            product.Write(head, 0, length);
            product.Write(Encoding.UTF8.GetBytes(content));
        }

        product.Position = 0;
        List<string> notes = [];
        await using ProductTarget target = ProductTarget.Open(path, CombineKind.Files, notes.Add);
        await target.WriteAsync(product, Stop);
        await target.CommitAsync(Stop);
        return notes;
    }
}
