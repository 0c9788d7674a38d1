using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Writes one function after another with its metering. Code that stays as it is is copied as it is; indices of
/// functions, types and locals do not move, because everything new stands behind what was there.
/// </summary>
internal sealed class FunctionRewriter(
    WasmModule module, MeteringPlan plan, TypeAppender types, BranchHints hints, bool watchesNans)
{
    private readonly ChargePlanner _planner = new(plan);
    private readonly List<WasmType> _locals = [];
    private readonly ExtraLocals _extra = new();
    private readonly CodeEmitter _code = new(module.Globals.Count);
    private readonly NanFlow _flow = new(module);
    private FunctionType _type = null!; // Set first for each function.
    private NanWatch? _watch; // Set for each function; null where its NaNs are made alike.
    private bool _isWrapped;
    private bool _isFlat;
    private bool _followsNans;
    private int _depth;
    private int _copied;

    /// <summary>Whether some function only watches for NaNs.</summary>
    public bool HasWatch { get; private set; }

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
        _followsNans = summary.MayShowNan;
        _watch = null;
        if (_followsNans)
        {
            _flow.Begin(bytes, defined);
            if (watchesNans && NanWatch.Suits(_flow, body.Length, _locals.Count))
            {
                _watch = new NanWatch(_code, _extra, _flow.DemandedKinds);
                HasWatch = true;
            }
        }

        _copied = codeStart;
        if (_isFlat)
        {
            WriteFlat(bytes, ref reader);
        }
        else
        {
            WriteMetered(bytes, ref reader, summary, defined);
        }

        WriteBody(bytes, defined, codeStart, output);
    }

    private void WriteFlat(ReadOnlySpan<byte> bytes, ref ModuleReader reader)
    {
        _isWrapped = _watch is not null;
        if (_isWrapped)
        {
            _code.OpenBlock(types.BlockTypeOf(_type.Results));
        }

        WriteCode(bytes, ref reader);
        if (_isWrapped)
        {
            _watch!.Check(startsAnew: false);
            _code.End();
        }
    }

    private void WriteMetered(ReadOnlySpan<byte> bytes, ref ModuleReader reader, FunctionSummary summary, int defined)
    {
        int? stackUnits = plan.Stack.UnitsOf(defined);
        bool isExported = plan.IsExported(module.ImportedFunctionCount + defined);
        _isWrapped = stackUnits is not null || isExported || _code.KeepsFuelInLocal || _watch is not null;
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

        WriteCode(bytes, ref reader);
        if (_isWrapped)
        {
            _watch?.Check(startsAnew: false);
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

    private void WriteCode(ReadOnlySpan<byte> bytes, ref ModuleReader reader)
    {
        int nextPoint = 1;
        _depth = 0;
        while (!reader.AtEnd)
        {
            InstructionReader.Read(ref reader, out Instruction instruction);
            if (!_isFlat)
            {
                WriteCharges(bytes, instruction.Start, ref nextPoint);
            }

            if (_followsNans)
            {
                WriteExactOperands(bytes, instruction);
                _flow.Step(bytes, instruction);
            }

            if (_watch is not null && EndsPath(instruction.Opcode))
            {
                CopyTo(bytes, instruction.Start);
                _watch.EndPath();
            }

            WriteInstruction(bytes, instruction);
            CheckSize(instruction.Start, _code.Written.Length);
        }

        CopyTo(bytes, reader.Position);
    }

    private static bool EndsPath(Opcode opcode) =>
        opcode is Opcode.Loop or Opcode.If or Opcode.Else or Opcode.End
            or Opcode.Br or Opcode.BrIf or Opcode.BrTable or Opcode.Return;

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
            case Opcode.Loop:
                _depth++;
                _watch?.Meet();
                break;
            case Opcode.Block or Opcode.If:
                _depth++;
                break;
            case Opcode.Else:
                _watch?.Meet();
                break;
            case Opcode.End:
                _depth--;
                _watch?.Meet();
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
                _watch?.Check(startsAnew: true);
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
                _code.ChargeLength(FuelWeights.TableElementsShift);
                break;
            case Opcode.MemoryGrow or Opcode.TableGrow:
                WriteGrow(bytes, instruction);
                break;
        }
    }

    private void WriteExactOperands(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        _flow.FindDemanded(bytes, instruction);
        List<int> demanded = _flow.Demanded;
        if (demanded.Count == 0)
        {
            return;
        }

        CopyTo(bytes, instruction.Start);

        // Operands above the deepest one are put aside, each in its own local, and brought back in order.
        int next = 0;
        int deepest = demanded[^1];
        for (int below = 0; below <= deepest; below++)
        {
            if (demanded[next] == below)
            {
                next++;
                WriteExact(_flow.Stack.TypeAt(below), _flow.Stack.StateAt(below));
            }

            if (below < deepest)
            {
                _code.Op(Opcode.LocalSet, AsideLocal(below));
            }
        }

        for (int below = deepest - 1; below >= 0; below--)
        {
            _code.Op(Opcode.LocalGet, AsideLocal(below));
        }

        _flow.MarkDemandedExact();
    }

    private void WriteExact(WasmType type, NanState state)
    {
        if (_watch is not null)
        {
            _watch.Add(type, state);
        }
        else
        {
            NanCanonicalizer.CanonicalizeTop(_code, _extra, type, state);
        }
    }

    private int AsideLocal(int below) => _extra.Take(_flow.Stack.TypeAt(below), ExtraLocals.FirstAside + below);

    private void WriteCall(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        if (instruction.First >= module.ImportedFunctionCount)
        {
            if (!plan.IsFlat(instruction.First))
            {
                CopyTo(bytes, instruction.Start);
                _watch?.Check(startsAnew: true);
                _code.StoreFuel();
                CopyTo(bytes, instruction.End);
                _code.LoadFuel();
            }

            return;
        }

        CopyTo(bytes, instruction.Start);
        _watch?.Check(startsAnew: true);
        _code.CheckFuel();
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
        _code.ChargeGrown(grown, GrownShift(instruction.Opcode));
    }

    private static int GrownShift(Opcode opcode) =>
        opcode == Opcode.MemoryGrow ? FuelWeights.GrownPageShift : FuelWeights.TableElementsShift;

    private void WriteBody(ReadOnlySpan<byte> bytes, int defined, int codeStart, ModuleWriter output)
    {
        ByteRange body = module.Bodies[defined];
        ModuleWriter locals = new(codeStart - body.Start + 16);
        ModuleReader reader = new(bytes, body.Start, body.End);
        uint groups = reader.ReadU32();
        locals.WriteU32(groups + (uint)_extra.Count);
        locals.WriteBytes(bytes[reader.Position..codeStart]);
        _extra.Write(locals);
        ReadOnlySpan<byte> code = _code.Written;
        int size = locals.Length + code.Length;
        CheckSize(body.Start, size);
        if (_locals.Count + _extra.Count > WasmLimits.RewrittenLocalCountMax)
        {
            throw ModuleReader.Unsupported(
                body.Start, $"a function has more than {WasmLimits.RewrittenLocalCountMax} locals with its metering");
        }

        hints.Add(module.ImportedFunctionCount + defined, locals.Length, _code.UnlikelyBranches);
        output.WriteU32((uint)size);
        output.WriteBytes(locals.Written);
        output.WriteBytes(code);
    }

    private static void CheckSize(int offset, int size)
    {
        if (size > WasmLimits.BodyBytesMax)
        {
            throw ModuleReader.Unsupported(
                offset, $"a function becomes larger than {WasmLimits.BodyBytesMax} bytes with its metering");
        }
    }
}
