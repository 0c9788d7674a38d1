using Ptorrent.Model.Refusals;
using Ptorrent.Wasm;
using Ptorrent.Wasm.Metering;
using Ptorrent.Wasm.Validation;
using Xunit;

namespace Ptorrent.Tests.Wasm;

// Goal: what is malformed or not offered is refused by its byte and reason, and costs little.
public sealed class ReaderTests
{
    private const string Header = "0061736d01000000";

    // Bytes behind the header; code, offset and a part of the reason.
    public static TheoryData<string, RefusalCode, long, string> Broken() => new()
    {
        { "01", RefusalCode.MalformedModule, 9, "unexpected end" },
        { "01ff", RefusalCode.MalformedModule, 10, "unexpected end" },
        { "0105", RefusalCode.MalformedModule, 9, "longer than the bytes that are left" },
        { "0e00", RefusalCode.MalformedModule, 8, "no section 14" },
        { "0d00", RefusalCode.UnsupportedModule, 8, "exception handling" },
        { "0302010001020100", RefusalCode.MalformedModule, 11, "no type 0" },
        { "010401600000" + "010401600000", RefusalCode.MalformedModule, 14, "repeated" },
        { "01050160000000", RefusalCode.MalformedModule, 14, "longer than its content" },
        { "0106ffffffff0f60", RefusalCode.UnsupportedModule, 10, "limit of" },
        { "0105f0ffffff1f", RefusalCode.MalformedModule, 10, "longer than 32 bits" },
        { "0106808080808000", RefusalCode.MalformedModule, 10, "longer than 32 bits" },
        { "01030150" + "00", RefusalCode.UnsupportedModule, 11, "garbage collection" },
        { "0504010303" + "01", RefusalCode.UnsupportedModule, 11, "threads" },
        { "0503010400", RefusalCode.UnsupportedModule, 11, "64-bit" },
        { "0505020000" + "0000", RefusalCode.UnsupportedModule, 10, "several memories" },
        { "0504010102" + "01", RefusalCode.MalformedModule, 10, "above the largest" },
        { "0506010080808" + "010", RefusalCode.MalformedModule, 10, "65536" },
        { "040601700080897a", RefusalCode.UnsupportedModule, 11, "limit of 1000000" },
        { "020801016101620200" + "01", RefusalCode.UnsupportedModule, 11, "only functions" },
        { "0006056e616d65ff", RefusalCode.MalformedModule, 8, "" },
        { "00020131" + "00", RefusalCode.MalformedModule, 13, "unexpected end" },
        { "000201ff", RefusalCode.MalformedModule, 10, "UTF-8" },
        { "0604017f0041", RefusalCode.MalformedModule, 14, "unexpected end" },
        { "0606017f0042000b", RefusalCode.MalformedModule, 13, "a constant of i64" },
        { "0606017f0023000b", RefusalCode.UnsupportedModule, 13, "reads a global" },
        { "0c0101", RefusalCode.MalformedModule, 11, "1 data segments are declared" },
        { "080100", RefusalCode.MalformedModule, 10, "no function 0" },
        { "070401000000", RefusalCode.MalformedModule, 12, "does not exist" },
    };

    // Code of a function () → () in a module with one memory.
    public static TheoryData<string, RefusalCode, string> BrokenCode() => new()
    {
        { "fe1000", RefusalCode.UnsupportedModule, "threads" },
        { "fd80020b", RefusalCode.UnsupportedModule, "relaxed" },
        { "fdff010b" + "0b", RefusalCode.MalformedModule, "an operand is missing" },
        { "fdffff010b", RefusalCode.MalformedModule, "no instruction" },
        { "fc120b", RefusalCode.MalformedModule, "no instruction" },
        { "12000b", RefusalCode.UnsupportedModule, "tail calls" },
        { "06400b0b", RefusalCode.UnsupportedModule, "exception" },
        { "fb000b", RefusalCode.UnsupportedModule, "garbage collection" },
        { "ff0b", RefusalCode.MalformedModule, "no instruction" },
        { "1a0b", RefusalCode.MalformedModule, "an operand is missing" },
        { "41000b", RefusalCode.MalformedModule, "more operands" },
        { "0b0b", RefusalCode.MalformedModule, "longer than its code" },
        { "0c010b", RefusalCode.MalformedModule, "no label 1" },
        { "20000b", RefusalCode.MalformedModule, "no local 0" },
        { "10050b", RefusalCode.MalformedModule, "no function 5" },
        { "d2000b", RefusalCode.MalformedModule, "not declared" },
        { "41002803001a0b", RefusalCode.MalformedModule, "larger alignment" },
        { "41002842000" + "01a0b", RefusalCode.UnsupportedModule, "several memories" },
        { "3f011a0b", RefusalCode.UnsupportedModule, "only one memory" },
        { "410041004100fc0800000b", RefusalCode.MalformedModule, "data count" },
        { "4100" + "05" + "0b", RefusalCode.MalformedModule, "else without an if" },
        { "02050b0b", RefusalCode.MalformedModule, "no type 5" },
        { "4100410042001b1a0b", RefusalCode.MalformedModule, "an operand is i64" },
        { "4100047f41010b1a0b", RefusalCode.MalformedModule, "without an else" },
        { "0e808080100000", RefusalCode.UnsupportedModule, "labels of a br_table" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Validate_BrokenModule_IsRefusedByItsByte(string hex, RefusalCode code, long offset, string reason)
    {
        byte[] module = Convert.FromHexString(Header + hex);
        long before = GC.GetAllocatedBytesForCurrentThread();
        WasmException refusal = Assert.Throws<WasmException>(() => ModuleValidator.Validate(module));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Contains(reason, refusal.Reason, StringComparison.Ordinal);
        Assert.Equal(code, refusal.Code);
        Assert.Equal(code, refusal.Refusal.Code);
        Assert.True(offset == refusal.Offset || reason.Length == 0, refusal.Message);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Theory]
    [MemberData(nameof(BrokenCode))]
    public void Validate_BrokenCode_IsRefusedWithItsReason(string hex, RefusalCode code, string reason)
    {
        byte[] body = [0, .. Convert.FromHexString(hex)];
        byte[] module =
        [
            .. Convert.FromHexString(Header + "010401600000" + "03020100" + "0503010001" + "0a"),
            (byte)(body.Length + 2), 1, (byte)body.Length, .. body,
        ];
        WasmException refusal = Assert.Throws<WasmException>(() => ModuleValidator.Validate(module));
        Assert.Contains(reason, refusal.Reason, StringComparison.Ordinal);
        Assert.Equal(code, refusal.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0061736d")]
    [InlineData("0061736d02000000")]
    [InlineData("7f454c4602010100")]
    public void Validate_NoModule_IsRefused(string hex) =>
        Assert.Equal(
            RefusalCode.MalformedModule,
            Assert.Throws<WasmException>(() => ModuleValidator.Validate(Convert.FromHexString(hex))).Code);

    [Fact]
    public void Validate_Component_IsRefusedAsUnsupported() =>
        Assert.Equal(
            RefusalCode.UnsupportedModule,
            Assert.Throws<WasmException>(
                () => ModuleValidator.Validate(Convert.FromHexString("0061736d0d000100"))).Code);

    [Fact]
    public void Validate_ManyLocalsInFewBytes_IsRefusedBeforeAllocating()
    {
        // One group of four thousand million locals.
        byte[] module = Convert.FromHexString(
            Header + "010401600000" + "03020100" + "0a0a" + "0108" + "01ffffffff0f7f0b");
        long before = GC.GetAllocatedBytesForCurrentThread();
        WasmException refusal = Assert.Throws<WasmException>(() => ModuleValidator.Validate(module));
        Assert.Contains("locals", refusal.Reason, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public async Task Rewrite_CutAnywhere_IsRefusedOrStillAModule()
    {
        byte[] module = await WasmTools.AssembleAsync(WasmTools.Fixture("control"));
        for (int length = 0; length < module.Length; length++)
        {
            byte[] cut = module[..length];
            try
            {
                ModuleValidator.Validate(ModuleMeter.Rewrite(cut, new()).Bytes.Span);
            }
            catch (WasmException refusal)
            {
                Assert.InRange(refusal.Offset, 0, length);
            }
        }
    }
}
