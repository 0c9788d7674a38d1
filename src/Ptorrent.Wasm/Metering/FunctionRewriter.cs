using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Writes one function after another with its metering. Code that stays as it is is copied as it is; indices of functions, types
/// and locals do not move, because everything new stands behind what was there.
/// </summary>
internal sealed class FunctionRewriter(WasmModule module, MeteringPlan plan, TypeAppender types)
{
    private readonly ChargePlanner _planner = new(plan);
    private readonly List<WasmType> _locals = [];
    private readonly ExtraLocals _extra = new();
    private readonly CodeEmitter _code = new(module.Globals.Count);
    private readonly NanCanonicalizer _canonicalizer = new();
    private FunctionType _type = null!; // Set first for each function.
    private bool _isWrapped;
    private bool _isFlat;
    private int _depth;
    private int _copied;

    /// <summary>Appends the rewritten body of defined function <paramref name="defined"/>, its size in front.</summary>
    /// <exception cref="WasmException">It became larger than browsers take.</exception>
    public void Rewrite(ReadOnlySpan<byte> bytes, int defined, FunctionSummary summary, ModuleWriter output)
    {
        ByteRange body = module.Bodies[defined];
        int function = module.ImportedFunctionCount + defined;
        _type = module.TypeOfFunction(function);
        ModuleReader reader = new(bytes, body.Start, body.End);
        LocalsReader.Read(ref reader, _type, _locals);
        int codeStart = reader.Position;
        _extra.Reset(_locals.Count);
        _isFlat = plan.IsFlat(function);
        _code.Reset(_extra, !_isFlat && summary.HasLoop);
        _copied = codeStart;
        if (_isFlat)
        {
            WriteCode(bytes, ref reader, summary);
        }
        else
        {
            WriteMetered(bytes, ref reader, summary, defined);
        }

        WriteBody(bytes, body, codeStart, output);
    }

    private void WriteMetered(ReadOnlySpan<byte> bytes, ref ModuleReader reader, FunctionSummary summary, int defined)
    {
        int? stackUnits = plan.Stack.UnitsOf(defined);
        bool isExported = plan.IsExported(module.ImportedFunctionCount + defined);
        _isWrapped = stackUnits is not null || isExported || _code.KeepsFuelInLocal;
        _planner.Plan(bytes, reader.Position, module.Bodies[defined].End);
        _code.LoadFuel();
        _code.Charge(Math.Max(1, _planner.Points[0].Cost));
        _code.CheckFuel();
        if (stackUnits is { } taken)
        {
            _code.TakeStack(taken);
        }

        if (_isWrapped)
        {
            _code.OpenBlock(types.BlockTypeOf(_type.Results));
        }

        WriteCode(bytes, ref reader, summary);
        if (_isWrapped)
        {
            if (stackUnits is { } given)
            {
                _code.GiveStack(given);
            }

            if (isExported)
            {
                _code.CheckFuel();
            }

            _code.StoreFuel();
            _code.End();
        }
    }

    private void WriteCode(ReadOnlySpan<byte> bytes, ref ModuleReader reader, FunctionSummary summary)
    {
        int nextPoint = 1;
        _depth = 0;
        _isWrapped &= !_isFlat;
        _canonicalizer.Reset(summary.HasFloatEscape);
        while (!reader.AtEnd)
        {
            InstructionReader.Read(ref reader, out Instruction instruction);
            if (!_isFlat)
            {
                WriteCharges(bytes, instruction.Start, ref nextPoint);
            }

            WriteInstruction(bytes, instruction);
            _canonicalizer.Note(instruction.Opcode);
        }

        CopyTo(bytes, reader.Position);
    }

    private void WriteCharges(ReadOnlySpan<byte> bytes, int offset, ref int nextPoint)
    {
        List<ChargePoint> points = _planner.Points;
        while (nextPoint < points.Count && points[nextPoint].Offset == offset)
        {
            ChargePoint point = points[nextPoint++];
            long cost = point.IsLoop ? Math.Max(1, point.Cost) : point.Cost;
            if (cost > 0)
            {
                CopyTo(bytes, offset);
                _code.Charge(cost);
            }

            if (point.IsLoop)
            {
                _code.CheckFuel();
            }
        }
    }

    private void CopyTo(ReadOnlySpan<byte> bytes, int offset)
    {
        _code.Copy(bytes[_copied..offset]);
        _copied = offset;
    }

    private void WriteInstruction(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        switch (instruction.Opcode)
        {
            case Opcode.Block or Opcode.Loop or Opcode.If:
                _depth++;
                break;
            case Opcode.End:
                _depth--;
                break;
            case Opcode.Return when _isWrapped:
                CopyTo(bytes, instruction.Start);
                _code.Branch(_depth);
                _copied = instruction.End;
                break;
            case Opcode.Unreachable when _code.KeepsFuelInLocal:
                CopyTo(bytes, instruction.Start);
                _code.StoreFuel();
                break;
            case Opcode.Call:
                WriteCall(bytes, instruction);
                break;
            case Opcode.CallIndirect:
                CopyTo(bytes, instruction.Start);
                _code.StoreFuel();
                CopyTo(bytes, instruction.End);
                _code.LoadFuel();
                break;
            case Opcode.MemoryInit or Opcode.MemoryCopy or Opcode.MemoryFill:
                CopyTo(bytes, instruction.Start);
                _code.ChargeLength(FuelWeights.MemoryBytesShift);
                break;
            case Opcode.TableInit or Opcode.TableCopy or Opcode.TableFill:
                CopyTo(bytes, instruction.Start);
                _code.ChargeLength(0);
                break;
            case Opcode.MemoryGrow or Opcode.TableGrow:
                WriteGrow(bytes, instruction);
                break;
            default:
                WriteFloats(bytes, instruction);
                break;
        }
    }

    private void WriteCall(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        if (instruction.First >= module.ImportedFunctionCount)
        {
            if (!plan.IsFlat(instruction.First))
            {
                CopyTo(bytes, instruction.Start);
                _code.StoreFuel();
                CopyTo(bytes, instruction.End);
                _code.LoadFuel();
            }

            return;
        }

        CopyTo(bytes, instruction.Start);
        _code.CheckFuel();
        NanCanonicalizer.CanonicalizeArguments(_code, _extra, module.TypeOfFunction(instruction.First).Parameters.AsSpan());
        _code.StoreFuel();
        CopyTo(bytes, instruction.End);
        _code.LoadFuel();
    }

    private void WriteGrow(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        int grown = _extra.Take(WasmType.I32, 0);
        CopyTo(bytes, instruction.Start);
        _code.LocalTee(grown);
        CopyTo(bytes, instruction.End);
        _code.ChargeGrown(grown, instruction.Opcode == Opcode.MemoryGrow ? FuelWeights.GrownPageShift : 0);
    }

    private void WriteFloats(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        WasmType escaping = _canonicalizer.EscapingType(instruction.Opcode);
        if (escaping != WasmType.None)
        {
            CopyTo(bytes, instruction.Start);
            NanCanonicalizer.CanonicalizeTop(_code, _extra, escaping);
        }

        Opcode comparison = NanCanonicalizer.LaneComparison(instruction.Opcode);
        if (comparison != Opcode.Unreachable)
        {
            CopyTo(bytes, instruction.End);
            NanCanonicalizer.CanonicalizeLanes(_code, _extra, comparison);
        }
    }

    private void WriteBody(ReadOnlySpan<byte> bytes, ByteRange body, int codeStart, ModuleWriter output)
    {
        ModuleWriter locals = new(codeStart - body.Start + 16);
        ModuleReader reader = new(bytes, body.Start, body.End);
        uint groups = reader.ReadU32();
        locals.WriteU32(groups + (uint)_extra.Count);
        locals.WriteBytes(bytes[reader.Position..codeStart]);
        _extra.Write(locals);
        ReadOnlySpan<byte> code = _code.Written;
        int size = locals.Length + code.Length;
        if (size > WasmLimits.BodyBytesMax)
        {
            throw ModuleReader.Unsupported(
                body.Start, $"a function of {size} bytes with its metering is larger than {WasmLimits.BodyBytesMax}");
        }

        output.WriteU32((uint)size);
        output.WriteBytes(locals.Written);
        output.WriteBytes(code);
    }
}
