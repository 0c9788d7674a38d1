using System.Buffers.Binary;
using System.Text;
using Ptorrent.Sdk;
using Xunit;

namespace Ptorrent.Tests.Sdk;

public sealed class ResultFileReaderTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadNext_SeveralFiles_GivesEachWithItsContent()
    {
        using MemoryStream product = new([.. Entry("a.txt", "first"), .. Entry("deep/b", ""), .. Entry("c", "third")]);
        List<(string, string)> files = await ReadAllAsync(product);
        Assert.Equal([("a.txt", "first"), ("deep/b", ""), ("c", "third")], files);
    }

    [Fact]
    public async Task ReadNext_ContentLeftUnread_IsPassedOver()
    {
        using MemoryStream product = new([.. Entry("a", new string('x', 100_000)), .. Entry("b", "second")]);
        ResultFileReader reader = new(product);
        await reader.ReadNextAsync(Stop);
        ResultFile? second = await reader.ReadNextAsync(Stop);
        Assert.Equal("b", second?.Name);
    }

    // Goal: a product that was cut off never looks whole.
    // Method: cut two entries at every byte; only a cut between entries may pass.
    [Fact]
    public async Task ReadNext_CutAnywhereInside_Throws()
    {
        byte[] first = Entry("a.txt", "first");
        byte[] whole = [.. first, .. Entry("b.txt", "second")];
        for (int length = 1; length < whole.Length; length++)
        {
            if (length != first.Length)
            {
                using MemoryStream product = new(whole[..length]);
                await Assert.ThrowsAsync<BadResultsException>(() => ReadAllAsync(product));
            }
        }
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("/absolute")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a\\b")]
    [InlineData("C:evil")]
    public async Task ReadNext_NameThatLeadsElsewhere_Throws(string name)
    {
        using MemoryStream product = new(Entry(name, "x"));
        await Assert.ThrowsAsync<BadResultsException>(() => new ResultFileReader(product).ReadNextAsync(Stop));
    }

    [Fact]
    public async Task ReadNext_HugeNameLength_ThrowsBeforeReadingIt()
    {
        using MemoryStream product = new([0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]);
        await Assert.ThrowsAsync<BadResultsException>(() => new ResultFileReader(product).ReadNextAsync(Stop));
    }

    private static async Task<List<(string, string)>> ReadAllAsync(Stream product)
    {
        ResultFileReader reader = new(product);
        List<(string, string)> files = [];
        while (await reader.ReadNextAsync(Stop) is { } file)
        {
            using MemoryStream content = new();
            await file.Content.CopyToAsync(content, Stop);
            files.Add((file.Name, Encoding.UTF8.GetString(content.ToArray())));
        }

        return files;
    }

    private static byte[] Entry(string name, string content)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        byte[] contentBytes = Encoding.UTF8.GetBytes(content);
        byte[] entry = new byte[4 + nameBytes.Length + 8 + contentBytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(entry, nameBytes.Length);
        nameBytes.CopyTo(entry, 4);
        BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(4 + nameBytes.Length), contentBytes.Length);
        contentBytes.CopyTo(entry, 12 + nameBytes.Length);
        return entry;
    }
}
