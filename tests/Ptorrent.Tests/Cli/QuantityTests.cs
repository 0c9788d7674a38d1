using Ptorrent.Cli.Jobs;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Cli;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1500", 1500)]
    [InlineData("20k", 20_000)]
    [InlineData("1.5G", 1_500_000_000)]
    [InlineData("9T", 9_000_000_000_000)]
    public void TryParseFuel_Number_Reads(string text, long units)
    {
        Assert.True(Quantity.TryParseFuel(text, out Fuel fuel));
        Assert.Equal(units, fuel.Units);
    }

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("-5")]
    [InlineData("1.5")]
    [InlineData("5g")]
    [InlineData("1e3")]
    [InlineData("1,000")]
    [InlineData("99999999999999999999T")]
    [InlineData("100000000T")]
    public void TryParseFuel_NoNumber_IsRefused(string text) => Assert.False(Quantity.TryParseFuel(text, out _));

    [Theory]
    [InlineData("65536", 65536)]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("512 MiB", 512L << 20)]
    [InlineData("4GiB", 4L << 30)]
    [InlineData("64K", 64 << 10)]
    [InlineData("1MB", 1_000_000)]
    [InlineData("10B", 10)]
    public void TryParseBytes_Size_Reads(string text, long bytes)
    {
        Assert.True(Quantity.TryParseBytes(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("MiB")]
    [InlineData("5 miles")]
    [InlineData("5Mib")]
    [InlineData("0.5B")]
    public void TryParseBytes_NoSize_IsRefused(string text) => Assert.False(Quantity.TryParseBytes(text, out _));

    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5m", 90_000)]
    [InlineData("1h30m", 5_400_000)]
    public void TryParseTime_Time_Reads(string text, int milliseconds)
    {
        Assert.True(Quantity.TryParseTime(text, out TimeSpan time));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("30 s")]
    [InlineData("-1s")]
    [InlineData("99999999999999h")]
    public void TryParseTime_NoTime_IsRefused(string text) => Assert.False(Quantity.TryParseTime(text, out _));
}
