using System.Globalization;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm;
using Ptorrent.Wasm.Metering;
using Xunit;

namespace Ptorrent.Tests.Wasm;

public sealed class MeteringTests
{
    private const long Fuel = 1_000_000;

    public static TheoryData<string> Endless() =>
    [
        "(loop $l (br $l))",
        "(loop $l (block (br $l)))",
        "(loop $l (loop $m (br_if $m (i32.const 0))) (br $l))",
        "(local i32) (loop $l (br_table $l $l (local.get 0)))",
        "(loop $l (call $nothing) (br $l))",
        "(loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 60000)) (br $l))",
        "(loop $l (drop (memory.grow (i32.const 0))) (br $l))",
        "(loop $l (call_indirect (type $t) (i32.const 0)) (br $l))",
    ];

    [Theory]
    [MemberData(nameof(Endless))]
    public async Task Rewrite_OfEndlessLoop_EndsWithFuelBelowZero(string body)
    {
        byte[] module = await WasmTools.AssembleAsync(
            "(module (memory 1) (type $t (func)) (table 1 funcref) (elem (i32.const 0) $nothing) (func $nothing) "
            + $"(func (export \"go\") {body}))");
        byte[] metered = ModuleMeter.Rewrite(module, new()).Bytes.ToArray();
        List<string> fuels = [];
        foreach (Engine engine in Enum.GetValues<Engine>())
        {
            ModuleTask task = WasmTools.Task(metered, Fuel, new ModuleCall("go"));
            CallAnswer answer = (await WasmTools.CallAsync(engine, [task]))[0].Calls[0];
            Assert.Equal("RuntimeError: unreachable", answer.Trap);
            fuels.Add(answer.Fuel);
        }

        Assert.InRange(long.Parse(fuels[0], CultureInfo.InvariantCulture), -100_000, -1);
        Assert.Single(fuels.Distinct(StringComparer.Ordinal));
    }

    // Frames of many kinds: the meter must end each of them before V8 does, in both of its compilers.
    public static TheoryData<string, string> Recursions()
    {
        TheoryData<string, string> data = new()
        {
            { "plain", "(func $f (call $f) (global.set $g (i64.const 1)))" },
            {
                "mutual",
                "(func $f (call $h) (global.set $g (i64.const 1))) (func $h (call $f) (global.set $g (i64.const 2)))"
            },
            { "indirect", "(func $f (call_indirect (type $t) (i32.const 0)) (global.set $g (i64.const 1)))" },
        };
        foreach (int count in (ReadOnlySpan<int>)[10, 100, 1000, 3000])
        {
            string sets = Repeat(count, i => $"(local.set {i} (i64.load (i32.const {i * 8})))");
            string stores = Repeat(count, i => $"(i64.store (i32.const {i * 8}) (local.get {i}))");
            data.Add($"{count} locals", $"(func $f (local {Repeat(count, _ => "i64 ")}) {sets} (call $f) {stores})");
        }

        foreach (int count in (ReadOnlySpan<int>)[10, 500])
        {
            string sets = Repeat(count, i => $"(local.set {i} (v128.load (i32.const {i * 16})))");
            string stores = Repeat(count, i => $"(v128.store (i32.const {i * 16}) (local.get {i}))");
            data.Add($"{count} vectors", $"(func $f (local {Repeat(count, _ => "v128 ")}) {sets} (call $f) {stores})");
        }

        foreach (int count in (ReadOnlySpan<int>)[5, 50, 1000])
        {
            string given = Repeat(count, i => $"(i64.add (local.get {i}) (i64.const 1))");
            string stores = Repeat(count, i => $"(i64.store (i32.const {i * 8}) (local.get {i}))");
            string zeros = Repeat(count, _ => "(i64.const 0)");
            string parameters = Repeat(count, _ => "i64 ");
            data.Add(
                $"{count} parameters",
                $"(func $p (param {parameters}) (call $p {given}) {stores}) (func $f (call $p {zeros}))");
        }

        foreach (int count in (ReadOnlySpan<int>)[300, 1000])
        {
            string Quotient(int i) => $"(i64.div_u (local.get 0) (i64.add (local.get 0) (i64.const {i + 3})))";
            string uses = Repeat(count, i => $"(i64.store (i32.const {i * 8}) {Quotient(i)})");
            data.Add(
                $"{count} common expressions",
                $"(func $p (param i64) {uses} (call $p (local.get 0)) {uses}) (func $f (call $p (i64.const 5)))");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Recursions))]
    public async Task Rewrite_OfEndlessRecursion_EndsByTheMeterBeforeTheEngine(string name, string functions)
    {
        byte[] module = await WasmTools.AssembleAsync(
            "(module (memory 1) (type $t (func)) (table 1 funcref) (elem (i32.const 0) $f) "
            + $"(global $g (mut i64) (i64.const 0)) {functions} (export \"go\" (func $f)))");
        byte[] metered = ModuleMeter.Rewrite(module, new()).Bytes.ToArray();
        List<string> fuels = [];
        foreach (Engine engine in Enum.GetValues<Engine>())
        {
            ModuleTask task = WasmTools.Task(metered, long.MaxValue, new ModuleCall("go"));
            CallAnswer answer = (await WasmTools.CallAsync(engine, [task]))[0].Calls[0];
            Assert.True(answer.Trap == "RuntimeError: unreachable", $"{name} in {engine}: {answer.Trap}");
            Assert.StartsWith("-", answer.Stack, StringComparison.Ordinal);
            fuels.Add(answer.Fuel);
        }

        Assert.Single(fuels.Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Rewrite_Twice_GivesTheSameBytes()
    {
        byte[] module = await WasmTools.AssembleAsync(WasmTools.Fixture("control"));
        Assert.Equal(
            ModuleMeter.Rewrite(module, new()).Bytes.ToArray(), ModuleMeter.Rewrite(module, new()).Bytes.ToArray());
    }

    [Fact]
    public async Task Rewrite_OfMemory_LimitsItsGrowth()
    {
        byte[] module = await WasmTools.AssembleAsync(
            "(module (memory 1) (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0))))");
        byte[] metered = ModuleMeter.Rewrite(module, new() { MemoryPagesMax = 3 }).Bytes.ToArray();
        ModuleCall[] calls = [new("grow", "2"), new("grow", "1"), new("grow", "-1")];
        ModuleTask task = WasmTools.Task(metered, Fuel, calls);
        CallAnswer[] answers = (await WasmTools.CallAsync(Engine.Node, [task]))[0].Calls;
        Assert.Equal(["1", "-1", "-1"], answers.Select(a => a.Value));
    }

    [Fact]
    public async Task Rewrite_OfMemoryAboveTheLimit_IsRefused()
    {
        byte[] module = await WasmTools.AssembleAsync("(module (memory 4))");
        RefusedException refused =
            Assert.Throws<RefusedException>(() => ModuleMeter.Rewrite(module, new() { MemoryPagesMax = 3 }));
        Assert.Equal(RefusalCode.TooMuchMemory, refused.Refusal.Code);
    }

    [Fact]
    public async Task Rewrite_OfReservedExport_IsRefused()
    {
        byte[] module = await WasmTools.AssembleAsync("(module (func (export \"ptorrent_fuel\")))");
        RefusedException refused = Assert.Throws<RefusedException>(() => ModuleMeter.Rewrite(module, new()));
        Assert.Equal(RefusalCode.InvalidValue, refused.Refusal.Code);
    }

    [Fact]
    public async Task Rewrite_OfMeteredModule_IsRefused()
    {
        byte[] module = await WasmTools.AssembleAsync("(module (func (export \"go\")))");
        byte[] metered = ModuleMeter.Rewrite(module, new()).Bytes.ToArray();
        Assert.Throws<RefusedException>(() => ModuleMeter.Rewrite(metered, new()));
    }

    private static string Repeat(int count, Func<int, string> text) =>
        string.Concat(Enumerable.Range(0, count).Select(text));
}
