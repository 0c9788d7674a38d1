using Ptorrent.Cli.Demo;
using Xunit;

namespace Ptorrent.Tests.Cli;

public sealed class PreviewTests
{
    [Theory]
    [InlineData(640, 360, 120, 50, 64, 18)]
    [InlineData(640, 360, 40, 50, 40, 11)]
    [InlineData(640, 360, 120, 12, 28, 8)]
    [InlineData(10, 10, 120, 50, 10, 5)]
    [InlineData(100, 1, 120, 50, 64, 1)]
    [InlineData(1, 1000, 120, 50, 1, 46)]
    [InlineData(640, 360, 0, 1, 1, 1)]
    public void SizeFor_Terminal_KeepsProportionsAndFits(
        int width, int height, int columnsMax, int rowsMax, int columns, int rows) =>
        Assert.Equal((columns, rows), Preview.SizeFor(width, height, columnsMax, rowsMax));

    [Fact]
    public async Task MeanOf_PartlyKnown_CountsWhatHasCome()
    {
        Picture picture = new(2, 2);
        using MemoryStream product = new([10, 20, 30, 30, 40, 50, 0, 0, 0, 255, 255, 255]);
        Assert.Null(picture.MeanOf(0, 0, 2, 2));
        await picture.FillAsync(product, TestContext.Current.CancellationToken);
        Assert.Equal(((byte)20, (byte)30, (byte)40), picture.MeanOf(0, 0, 2, 1));
        Assert.Equal(4, picture.PixelCount);
    }

    [Fact]
    public async Task FillAsync_TooFewBytes_Throws()
    {
        using MemoryStream product = new([1, 2, 3]);
        await Assert.ThrowsAsync<EndOfStreamException>(
            () => new Picture(2, 2).FillAsync(product, TestContext.Current.CancellationToken));
    }
}
