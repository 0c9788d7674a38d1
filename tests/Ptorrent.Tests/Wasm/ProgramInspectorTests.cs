using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm.Inspection;
using Xunit;

namespace Ptorrent.Tests.Wasm;

public sealed class ProgramInspectorTests
{
    private const string Memory = "(memory (export \"memory\") 2 10)";
    private const string Run = "(func (export \"run\") (param i64 i64))";
    private const string Close32 =
        "(import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i32) (result i32)))";

    private const string Close64 =
        "(import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i64) (result i32)))";

    private const string Start = "(func (export \"_start\"))";

    [Fact]
    public async Task Inspect_Kernel_SaysWhatItIs()
    {
        byte[] module = await WasmTools.AssembleAsync(
            "(module (import \"ptorrent\" \"write\" (func (param i32 i32))) "
            + $"{Memory} {Run} (func (export \"merge\")))");
        ModuleInfo info = ProgramInspector.Inspect(module);
        Assert.Equal(ProgramKind.Kernel, info.Kind);
        Assert.True(info.HasMerge);
        Assert.False(info.HasStart);
        Assert.Equal(2, info.MemoryPagesMin);
        Assert.Equal(10, info.MemoryPagesMax);
        Assert.Equal(2, info.FunctionCount);
        Assert.Equal(["ptorrent.write"], info.Imports);
    }

    [Fact]
    public async Task Inspect_WasiCommand_SaysWhatItIs()
    {
        byte[] module = await WasmTools.AssembleAsync(
            "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32))) "
            + $"{Memory} {Start} {Run})");
        Assert.Equal(ProgramKind.Wasi, ProgramInspector.Inspect(module).Kind);
    }

    [Theory]
    [InlineData("(module)", RefusalCode.MissingExport, "_start or run", "WASI preview 1")]
    [InlineData("(module (func (export \"_initialize\")))", RefusalCode.MissingExport, "_start or run", "reactor")]
    [InlineData("(module " + Run + ")", RefusalCode.MissingExport, "memory", "--export-memory")]
    [InlineData(
        "(module " + Memory + "(func (export \"run\") (param i32 i32)))",
        RefusalCode.MissingExport, "run", "(i32, i32)")]
    [InlineData(
        "(module " + Memory + "(func (export \"_start\") (result i32) i32.const 0))",
        RefusalCode.MissingExport, "_start", "(i32)")]
    [InlineData(
        "(module (import \"env\" \"f\" (func)) " + Memory + Start + ")",
        RefusalCode.UnknownImport, "env.f", "linked")]
    [InlineData(
        "(module (import \"env\" \"f\" (func)) " + Memory + Run + ")",
        RefusalCode.UnknownImport, "env.f", "ptorrent only")]
    [InlineData(
        "(module " + Close32 + Memory + Run + ")",
        RefusalCode.UnknownImport,
        "wasi_snapshot_preview1.fd_close",
        "no WASI")]
    [InlineData(
        "(module " + Close64 + Memory + Start + ")",
        RefusalCode.UnknownImport,
        "wasi_snapshot_preview1.fd_close",
        "(i32) → (i32)")]
    [InlineData(
        "(module (import \"wasi\" \"thread-spawn\" (func (param i32) (result i32))) " + Memory + Start + ")",
        RefusalCode.UnknownImport,
        "wasi.thread-spawn",
        "Threads are not offered")]
    [InlineData(
        "(module (import \"wasi_unstable\" \"f\" (func)) " + Memory + Start + ")",
        RefusalCode.UnknownImport, "wasi_unstable.f", "preview 1")]
    [InlineData(
        "(module " + Memory + Run + "(func (export \"ptorrent_x\")))",
        RefusalCode.InvalidValue, "ptorrent_x", "Rename")]
    public async Task Inspect_NoProgramForTheSandbox_IsRefusedWithARemedy(
        string text, RefusalCode code, string value, string said)
    {
        byte[] module = await WasmTools.AssembleAsync(text);
        Refusal refusal = Assert.Throws<RefusedException>(() => ProgramInspector.Inspect(module)).Refusal;
        Assert.Equal(code, refusal.Code);
        Assert.Equal(value, refusal.Value);
        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refusal.Remedy);
    }
}
