using System.Text;
using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Metering;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;
using Xunit;

namespace Ptorrent.Tests.Wasm;

// Goal: the table of instructions is right: numbers, names, operands, results, immediates.
// Method: write each instruction by its name with operands of the table's types, let an independent assembler make the
// bytes, read them back and compare names; our validator and V8 must take them, before and after the rewrite.
public sealed class InstructionTests
{
    [Fact]
    public async Task EveryInstruction_FromItsName_ReadsBackAndValidates()
    {
        OpcodeInfo[] infos = [.. AllInfos().Where(i => !i.IsByHand)];
        string[] texts = [.. infos.Select(TextOf)];
        byte[][] modules = await WasmTools.AssembleAsync(texts);
        List<byte[]> rewritten = [];
        foreach ((OpcodeInfo info, byte[] module) in infos.Zip(modules))
        {
            Assert.Contains(info.Name, NamesIn(module));
            byte[] metered = ModuleMeter.Rewrite(module, new()).Bytes.ToArray();
            ModuleValidator.Validate(metered);
            rewritten.Add(metered);
        }

        Assert.DoesNotContain(false, await WasmTools.ValidateAsync(modules.Concat(rewritten)));
        Assert.True(infos.Length > 380, $"only {infos.Length} instructions");
    }

    [Fact]
    public async Task EveryInstruction_WithOneOperandOfAnotherType_IsRefused()
    {
        List<(string Name, string Text)> wrong = [];
        foreach (OpcodeInfo info in AllInfos())
        {
            if (!info.IsByHand && info.Operands.Length > 0)
            {
                WasmType[] operands = [.. info.Operands];
                operands[0] = operands[0] == WasmType.I64 ? WasmType.F32 : WasmType.I64;
                wrong.Add((info.Name, TextOf(info with { Operands = operands })));
            }
        }

        // The assembler does not check types, so that it makes these modules.
        byte[][] modules = await WasmTools.AssembleAsync([.. wrong.Select(w => w.Text)]);
        foreach (((string name, string _), byte[] module) in wrong.Zip(modules))
        {
            string reason = Assert.Throws<Ptorrent.Wasm.WasmException>(() => ModuleValidator.Validate(module)).Reason;
            Assert.True(reason.Contains("an operand is", StringComparison.Ordinal), $"{name}: {reason}");
        }
    }

    private static IEnumerable<OpcodeInfo> AllInfos() =>
        Enumerable.Range(0, OpcodeTable.Size).Select(o => OpcodeTable.Find((Opcode)o)).OfType<OpcodeInfo>();

    private static List<string> NamesIn(byte[] module)
    {
        WasmModule parsed = ModuleParser.Parse(module);
        ModuleReader reader = new(module, parsed.Bodies[0].Start, parsed.Bodies[0].End);
        LocalsReader.Read(ref reader, parsed.TypeOfFunction(0), []);
        List<string> names = [];
        while (!reader.AtEnd)
        {
            InstructionReader.Read(ref reader, out Instruction instruction);
            names.Add(OpcodeTable.Of(instruction.Opcode).Name);
        }

        return names;
    }

    private static string TextOf(OpcodeInfo info)
    {
        StringBuilder text = new("(module (memory 1) (data $d \"x\") (func ");
        foreach (WasmType operand in info.Operands)
        {
            text.Append("(param ").Append(WasmTypes.Name(operand)).Append(") ");
        }

        if (info.Result != WasmType.None)
        {
            text.Append("(result ").Append(WasmTypes.Name(info.Result)).Append(") ");
        }

        for (int operand = 0; operand < info.Operands.Length; operand++)
        {
            text.Append("local.get ").Append(operand).Append(' ');
        }

        return text.Append(info.Name).Append(ImmediateOf(info)).Append("))").ToString();
    }

    private static string ImmediateOf(OpcodeInfo info) => info.Immediate switch
    {
        Immediate.I32 or Immediate.I64 => " -5",
        Immediate.F32 or Immediate.F64 => " 1.5",
        Immediate.V128 => " i32x4 1 2 3 4",
        Immediate.Shuffle => " 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31",
        Immediate.Lane => $" {info.LaneCount - 1}",
        Immediate.MemoryArgumentAndLane => $" offset=8 {info.LaneCount - 1}",
        Immediate.MemoryArgument => " offset=8",
        Immediate.Data or Immediate.DataAndMemory => " 0",
        _ => string.Empty,
    };
}
