using Ptorrent.Wasm.Metering;
using Ptorrent.Wasm.Validation;
using Xunit;

namespace Ptorrent.Tests.Wasm;

// Goal: a metered module computes what the original does, and burns the same fuel in every engine and compiler.
// Method: run each exported function of the fixtures with a few arguments: the original in one engine, the metered one
// in three.
public sealed class FixtureTests
{
    private const long Fuel = 1_000_000;
    private static readonly string[] Arguments = ["0", "1", "2", "3", "101"];

    public static TheoryData<string> Names() => [.. WasmTools.FixtureNames()];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Rewrite_OfFixture_ComputesTheSameWithTheSameFuelEverywhere(string name)
    {
        byte[] module = await WasmTools.AssembleAsync(WasmTools.Fixture(name));
        byte[] metered = ModuleMeter.Rewrite(module, new() { MemoryPagesMax = 200 }).Bytes.ToArray();
        ModuleValidator.Validate(metered);
        ModuleCall[] calls = [.. CallsOf(module)];
        Assert.NotEmpty(calls);
        CallAnswer[] original = (await WasmTools.CallAsync(Engine.Node, [WasmTools.Task(module, 0, calls)]))[0].Calls;
        CallAnswer[]? first = null;
        foreach (Engine engine in Enum.GetValues<Engine>())
        {
            ModuleCall[] withStart = ModuleMeter.Rewrite(module, new()).Info.HasStart
                ? [new(ModuleMeter.StartExport), .. calls]
                : calls;
            ModuleTask task = WasmTools.Task(metered, Fuel, withStart);
            CallAnswer[] answers = (await WasmTools.CallAsync(engine, [task]))[0].Calls[^calls.Length..];
            first ??= answers;
            Assert.Equal(first.Select(a => a.Fuel), answers.Select(a => a.Fuel));
            Assert.Equal(first.Select(a => a.Value), answers.Select(a => a.Value));
            Assert.All(answers.Where(a => a.Trap is null), a => Assert.Equal(first[0].Stack, a.Stack));
        }

        if (name != "floats")
        {
            Assert.Equal(original.Select(a => a.Value), first!.Select(a => a.Value));
        }

        Assert.All(first!, a => Assert.InRange(long.Parse(a.Fuel, null), 0, Fuel - 1));
    }

    [Fact]
    public async Task Rewrite_OfFloats_ShowsOneNan()
    {
        byte[] module = await WasmTools.AssembleAsync(WasmTools.Fixture("floats"));
        byte[] metered = ModuleMeter.Rewrite(module, new()).Bytes.ToArray();
        const long Nan64 = 0x7ff8_0000_0000_0000;
        const long NegativeNan64 = unchecked((long)0xfff8_0000_0000_0000);
        const long Nan32 = 0x7fc0_0000;
        (string Name, string Argument, long Expected)[] expectations =
        [
            ("store64", "5", NegativeNan64),
            ("store32", "5", Nan32),
            ("reinterpret", "5", Nan64),
            ("payload", "0", 0x7ff4_0000_00ab_cdef),
            ("payload", "1", 0x7ff4_0000_00ab_cdef),
            ("mixed", "0", 0x7ff4_0000_00ab_cdef),
            ("mixed", "1", NegativeNan64),
            ("sign", "5", 0x4000_0000_0000_0000),
            ("signed", "5", NegativeNan64),
            ("lanes64", "3", Nan64 ^ (Nan64 << 1)),
            ("lanes32", "3", 0x3f80_0001_7f80_0000),
            ("reused", "1", unchecked(0x7ff0_0000_0000_0003 + 0x4000_0000_0000_0000)),
        ];
        foreach (Engine engine in Enum.GetValues<Engine>())
        {
            ModuleCall[] calls = [.. expectations.Select(e => new ModuleCall(e.Name, e.Argument))];
            CallAnswer[] answers = (await WasmTools.CallAsync(engine, [WasmTools.Task(metered, Fuel, calls)]))[0].Calls;
            foreach (((string name, string _, long expected), CallAnswer answer) in expectations.Zip(answers))
            {
                Assert.True(
                    answer.Value is { } value && long.Parse(value, null) == expected,
                    $"{engine} {name}: {answer.Value}{answer.Trap}, expected {expected}");
            }
        }
    }

    internal static IEnumerable<ModuleCall> CallsOf(byte[] module) =>
        from export in Ptorrent.Wasm.Modules.ModuleParser.Parse(module).Exports
        where export.Kind == Ptorrent.Wasm.Modules.ExternalKind.Function
        from argument in Arguments
        where export.Name != "lanes64" || argument != "0"
        select new ModuleCall(export.Name, argument);
}
