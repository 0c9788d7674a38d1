using System.Collections.Immutable;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Xunit;

namespace Ptorrent.Tests.Model.Jobs;

public sealed class JobSeedTests
{
    private static readonly ImmutableSortedDictionary<string, string> NoParameters =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    [Fact]
    public void Of_NothingButAProgram_IsTheVector() =>
        Assert.Equal(
            "85759b3811ff7dc47b03792ac85317be51431a3f9e01dcafce317ed736a391b0",
            Hex(JobSeed.Of(new Digest(new byte[32]), string.Empty, NoParameters, [])));

    [Fact]
    public void Of_EverythingGiven_IsTheVector()
    {
        // An ordinal order puts "A" before "a"; this dictionary sorts the other way, which must not matter.
        ImmutableSortedDictionary<string, string> parameters = ImmutableSortedDictionary.CreateRange(
            Comparer<string>.Create((x, y) => string.CompareOrdinal(y, x)),
            [KeyValuePair.Create("a", string.Empty), KeyValuePair.Create("A", "1")]);
        byte[] digest = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

        Assert.Equal(
            "69587039ba08e38b5d11aee25e809f50b2eab7d95002c2549d3f8bc5f674a90f",
            Hex(JobSeed.Of(new Digest(digest), "seed ü", parameters, ["--x", "{index}"])));
    }

    [Fact]
    public void Of_TextMovedFromOneArgumentToTheNext_IsAnotherSeed() =>
        Assert.NotEqual<object>(
            Hex(JobSeed.Of(default, string.Empty, NoParameters, ["ab", "c"])),
            Hex(JobSeed.Of(default, string.Empty, NoParameters, ["a", "bc"])));

    private static string Hex(ImmutableArray<byte> bytes) => Convert.ToHexStringLower(bytes.AsSpan());
}
