using Ptorrent.Wasm.Metering;
using Ptorrent.Wasm.Validation;
using Xunit;

namespace Ptorrent.Tests.Wasm;

// Goal: a module that watches for NaNs either ends well with the exact module's results and fuel, or traps.
public sealed class NanWatchTests
{
    private const long Fuel = 1_000_000;
    private static readonly MeteringOptions Watching = new() { WatchesNans = true };

    [Fact]
    public async Task Call_OfRandomFloatPrograms_EndsLikeTheExactModuleOrTraps()
    {
        const int Count = 150;
        string[] texts = [.. Enumerable.Range(1, Count).Select(seed => FloatProgram.Write((ulong)seed))];
        byte[][] modules = await WasmTools.AssembleAsync(texts);
        int wellCount = 0;
        int repeatedCount = 0;
        foreach (long fuel in (long[])[Fuel, 300])
        {
            ModuleAnswer[] exact = await CallAsync(Engine.Node, modules, new(), fuel);
            ModuleAnswer[] exactInDeno = await CallAsync(Engine.DenoOptimizing, modules, new(), fuel);
            foreach (Engine engine in (Engine[])[Engine.Node, Engine.DenoOptimizing])
            {
                ModuleAnswer[] watching = await CallAsync(engine, modules, Watching, fuel);
                for (int i = 0; i < exact.Length; i++)
                {
                    string place = $"seed {(i / Arguments.Length) + 1}, {Arguments[i % Arguments.Length]}, {engine}";
                    AssertSame(exact[i], exactInDeno[i], place);
                    if (watching[i].Calls[0].Trap is null)
                    {
                        wellCount++;
                        AssertSame(exact[i], watching[i], place);
                    }
                    else
                    {
                        repeatedCount++;
                    }
                }
            }
        }

        Assert.True(wellCount > 200 && repeatedCount > 200, $"{wellCount} ended well, {repeatedCount} did not");
    }

    [Theory]
    [MemberData(nameof(FixtureTests.Names), MemberType = typeof(FixtureTests))]
    public async Task Call_OfFixture_EndsLikeTheExactModuleOrTraps(string name)
    {
        byte[] module = await WasmTools.AssembleAsync(WasmTools.Fixture(name));
        MeteredModule watching = ModuleMeter.Rewrite(module, Watching);
        byte[] exact = ModuleMeter.Rewrite(module, new()).Bytes.ToArray();
        ModuleValidator.Validate(watching.Bytes.Span);
        Assert.Equal(name == "floats", watching.WatchesNans);
        Assert.Equal(watching.WatchesNans, !watching.Bytes.Span.SequenceEqual(exact));
        foreach (ModuleCall call in FixtureTests.CallsOf(module))
        {
            ModuleAnswer expected = (await WasmTools.CallAsync(Engine.Node, [WasmTools.Task(exact, Fuel, call)]))[0];
            ModuleAnswer actual =
                (await WasmTools.CallAsync(Engine.Node, [WasmTools.Task(watching.Bytes.Span, Fuel, call)]))[0];
            if (actual.Calls[0].Trap is null)
            {
                AssertSame(expected, actual, $"{call.Name} {call.Arguments[0]}");
            }
        }
    }

    // Each makes one NaN that shows in another way, and would give a result.
    [Theory]
    [InlineData("(f64.store (i32.const 0) (call $nan64)) (i32.const 1)")]
    [InlineData("(f32.store (i32.const 0) (call $nan32)) (i32.const 1)")]
    [InlineData("(v128.store (i32.const 0) (f64x2.mul (call $nans) (call $nans))) (i32.const 1)")]
    [InlineData("(v128.store (i32.const 0) (f32x4.sqrt (call $nans))) (i32.const 1)")]
    [InlineData("(i64.store (i32.const 0) (i64.reinterpret_f64 (f64.sqrt (f64.const -1)))) (i32.const 1)")]
    [InlineData("(global.set $g (f64.sqrt (f64.const -1))) (i32.const 1)")]
    [InlineData("(f64.store (i32.const 0) (f64.sqrt (f64.const -1))) (return (i32.const 1))")]
    [InlineData("(loop $l (f64.store (i32.const 0) (f64.sqrt (f64.const -1))) (br_if 1 (i32.const 1) (i32.const 1)) "
        + "(br $l)) (i32.const 2)")]
    [InlineData("(if (i32.const 1) (then (f64.store (i32.const 0) (f64.sqrt (f64.const -1))))) (i32.const 1)")]
    [InlineData("(block $b (f64.store (i32.const 0) (f64.sqrt (f64.const -1))) (br_table $b $b (i32.const 7))) "
        + "(i32.const 1)")]
    [InlineData("(call $small (i32.const 8)) (i32.const 1)")]
    [InlineData("(call_indirect (param i32) (i32.const 8) (i32.const 0)) (i32.const 1)")]
    [InlineData("(f64.store (i32.const 0) (f64.sqrt (f64.const -1))) (f64.store (i32.const 0) (f64.const 1)) "
        + "(f64.store (i32.const 0) (f64.add (f64.load (i32.const 0)) (f64.const 1))) (i32.const 1)")]
    public async Task Call_ThatMeetsANan_Traps(string body)
    {
        byte[] module = await WasmTools.AssembleAsync(
            "(module (memory 1) (global $g (mut f64) (f64.const 0)) (table funcref (elem $flat)) "
            + "(func $nan64 (result f64) (f64.div (f64.const 0) (f64.const 0))) "
            + "(func $nan32 (result f32) (f32.div (f32.const 0) (f32.const 0))) "
            + "(func $nans (result v128) (v128.const i64x2 0x7ff0000000000000 -1)) "
            + "(func $small (param i32) (f64.store (local.get 0) (f64.sqrt (f64.const -1))) (return)) "
            + "(func $flat (param i32) (f64.store (local.get 0) (f64.sqrt (f64.const -1)))) "
            + $"(func (export \"go\") (result i32) {body}))");
        MeteredModule watching = ModuleMeter.Rewrite(module, Watching);
        byte[] exact = ModuleMeter.Rewrite(module, new()).Bytes.ToArray();
        Assert.True(watching.WatchesNans);
        foreach (Engine engine in Enum.GetValues<Engine>())
        {
            ModuleAnswer[] answers = await WasmTools.CallAsync(
                engine,
                [
                    WasmTools.Task(watching.Bytes.Span, Fuel, new ModuleCall("go")),
                    WasmTools.Task(exact, Fuel, new ModuleCall("go")),
                ]);
            Assert.Equal("RuntimeError: unreachable", answers[0].Calls[0].Trap);
            Assert.Equal("1", answers[1].Calls[0].Value);
        }
    }

    [Fact]
    public async Task Call_OfTheHostAfterANan_DoesNotComeToIt()
    {
        byte[] module = await WasmTools.AssembleAsync(
            "(module (import \"host\" \"see\" (func $see (param i32))) (memory 1) "
            + "(func $inner (call $see (i32.const 9))) (func (export \"go\") (param i32) "
            + "(loop $l (f64.store (i32.const 0) (f64.sqrt (f64.const -1))) "
            + "(br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (call $inner)))");
        byte[] watching = ModuleMeter.Rewrite(module, Watching).Bytes.ToArray();
        ModuleAnswer answer =
            (await WasmTools.CallAsync(Engine.Node, [WasmTools.Task(watching, Fuel, new ModuleCall("go", "3"))]))[0];

        Assert.Equal("RuntimeError: unreachable", answer.Calls[0].Trap);
        Assert.Empty(answer.Seen);
    }

    [Fact]
    public async Task Rewrite_OfAFunctionThatIsLong_MakesItsNansAlikeAtOnce()
    {
        string stores = string.Concat(Enumerable.Repeat("(f64.store (i32.const 0) (f64.sqrt (f64.const -1)))", 3_000));
        byte[] module = await WasmTools.AssembleAsync($"(module (memory 1) (func (export \"go\") {stores}))");
        MeteredModule watching = ModuleMeter.Rewrite(module, Watching);

        Assert.False(watching.WatchesNans);
        Assert.Equal(ModuleMeter.Rewrite(module, new()).Bytes.ToArray(), watching.Bytes.ToArray());
    }

    private static readonly string[] Arguments = ["0", "1", "-3", "1000"];

    private static void AssertSame(ModuleAnswer expected, ModuleAnswer actual, string place)
    {
        Assert.True(expected.Calls[0] == actual.Calls[0], $"{place}: {expected.Calls[0]}, {actual.Calls[0]}");
        Assert.Equal(expected.Seen, actual.Seen);
    }

    // Each call in an instance of its own.
    private static async Task<ModuleAnswer[]> CallAsync(
        Engine engine, byte[][] modules, MeteringOptions options, long fuel)
    {
        List<ModuleTask> tasks = [];
        foreach (byte[] module in modules)
        {
            byte[] metered = ModuleMeter.Rewrite(module, options).Bytes.ToArray();
            ModuleValidator.Validate(metered);
            tasks.AddRange(Arguments.Select(a => WasmTools.Task(metered, fuel, new ModuleCall("go", a))));
        }

        return await WasmTools.CallAsync(engine, tasks);
    }
}
