using System.Globalization;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm;
using Ptorrent.Wasm.Inspection;
using Ptorrent.Wasm.Metering;
using Ptorrent.Wasm.Validation;
using Xunit;

namespace Ptorrent.Tests.Wasm;

// Goal: no bytes make the reader throw anything but its own errors or allocate without bound; what it takes is
// rewritten to what it takes again, and to what V8 takes.
// Method: mutate the fixtures. PTORRENT_FUZZ_SECONDS sets how long, PTORRENT_FUZZ_SEED where it starts; a failure names
// the seed of its mutant or shows its bytes.
public sealed class WasmFuzzTests
{
    private const int AllocatedBytesMax = 64 << 20;
    private const int JudgedMax = 2_000;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(
        double.Parse(Environment.GetEnvironmentVariable("PTORRENT_FUZZ_SECONDS") ?? "5", CultureInfo.InvariantCulture));

    [Fact]
    public async Task Rewrite_OfMutants_ThrowsOnlyItsOwnErrorsAndAgreesWithV8()
    {
        byte[][] seeds = await WasmTools.AssembleAsync([.. WasmTools.FixtureNames().Select(WasmTools.Fixture)]);
        ulong seed = ulong.Parse(
            Environment.GetEnvironmentVariable("PTORRENT_FUZZ_SEED") ?? "1", CultureInfo.InvariantCulture);
        List<byte[]> accepted = [];
        List<byte[]> rewritten = [];
        long started = TimeProvider.System.GetTimestamp();
        int count = 0;
        for (; TimeProvider.System.GetElapsedTime(started) < Length; seed++, count++)
        {
            Prng random = new(seed);
            byte[] mutant = Mutation.Of(seeds, random);
            if (Try(mutant, seed) is { } metered && accepted.Count < JudgedMax)
            {
                accepted.Add(mutant);
                rewritten.Add(metered);
            }
        }

        Assert.True(count > 100, $"only {count} mutants");
        Assert.NotEmpty(accepted);
        bool[] verdicts = await WasmTools.ValidateAsync(accepted.Concat(rewritten));
        int wrong = Array.IndexOf(verdicts, false);
        string bytes = wrong < 0 ? string.Empty : Convert.ToHexString(accepted[wrong % accepted.Count]);
        string form = wrong < accepted.Count ? "as it is" : "rewritten";
        Assert.True(wrong < 0, $"V8 refuses what was taken ({form}): {bytes}");
    }

    [Fact]
    public async Task Validate_OfMutantsThatV8Takes_TakesThemOrSaysThatTheyAreUnsupported()
    {
        byte[][] seeds = await WasmTools.AssembleAsync([.. WasmTools.FixtureNames().Select(WasmTools.Fixture)]);
        byte[][] mutants =
            [.. Enumerable.Range(1, JudgedMax).Select(seed => Mutation.Of(seeds, new Prng((ulong)seed + 1_000_000)))];
        bool[] verdicts = await WasmTools.ValidateAsync(mutants);
        foreach (byte[] mutant in mutants.Zip(verdicts).Where(m => m.Second).Select(m => m.First))
        {
            try
            {
                ModuleValidator.Validate(mutant);
            }
            catch (WasmException refusal)
            {
                // V8 offers features that are not offered here, and reads some of them from the same bytes.
                Assert.True(
                    refusal.Code == RefusalCode.UnsupportedModule,
                    $"V8 takes what is refused: {refusal.Message}: {Convert.ToHexString(mutant)}");
            }
        }

        Assert.Contains(true, verdicts);
    }

    private static byte[]? Try(byte[] mutant, ulong seed)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            byte[] metered = ModuleMeter.Rewrite(mutant, new() { MemoryPagesMax = 65_536 }).Bytes.ToArray();
            ModuleValidator.Validate(metered);
            _ = Inspect(mutant);
            return metered;
        }
        catch (Exception refusal) when (refusal is WasmException or RefusedException)
        {
            return null;
        }
        catch (Exception exception)
        {
            Assert.Fail($"seed {seed}: {exception}\n{Convert.ToHexString(mutant)}");
            throw;
        }
        finally
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < AllocatedBytesMax, $"seed {seed} allocated {allocated} bytes");
        }
    }

    private static ModuleInfo? Inspect(byte[] mutant)
    {
        try
        {
            return ProgramInspector.Inspect(mutant);
        }
        catch (RefusedException)
        {
            return null;
        }
    }
}
