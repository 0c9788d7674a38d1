using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Validation;

/// <summary>
/// Validates functions' bodies with the specification's algorithm (WebAssembly 2.0, appendix A.3) and notes on the way
/// what the rewrite wants to know. Not for several threads; its buffers serve one function after another.
/// </summary>
internal sealed class FunctionValidator(WasmModule module)
{
    private readonly OperandStack _stack = new();
    private readonly List<WasmType> _locals = [];
    private readonly HashSet<int> _calleesSeen = [];
    private long _localTotal;
    private FunctionType _type = null!; // Set first for each function.
    private FunctionSummary _summary = null!; // Set first for each function.

    /// <summary>The locals of the function at hand, parameters first.</summary>
    public List<WasmType> Locals => _locals;

    public OperandStack Stack => _stack;

    /// <summary>Validates the body of the defined function number <paramref name="defined"/>.</summary>
    /// <exception cref="WasmException">It is malformed, invalid or uses what is not offered.</exception>
    public FunctionSummary Validate(ReadOnlySpan<byte> bytes, int defined)
    {
        ModuleReader reader = Begin(bytes, defined);
        while (_stack.Depth > 0)
        {
            InstructionReader.Read(ref reader, out Instruction instruction);
            Step(bytes, instruction);
        }

        if (!reader.AtEnd)
        {
            throw ModuleReader.Malformed(reader.Position, "a function is longer than its code");
        }

        CheckEffort(bytes, reader.Position);
        _summary.FrameSlotCount = _locals.Count + _locals.Count(type => type == WasmType.V128) + _stack.SlotCountMax;
        return _summary;
    }

    /// <summary>Starts with a function, and gives a reader that stands at its code.</summary>
    public ModuleReader Begin(ReadOnlySpan<byte> bytes, int defined)
    {
        ByteRange body = module.Bodies[defined];
        ModuleReader reader = new(bytes, body.Start, body.End);
        _summary = new();
        _calleesSeen.Clear();
        _type = module.TypeOfFunction(module.ImportedFunctionCount + defined);
        LocalsReader.Read(ref reader, _type, _locals);
        _stack.Clear();
        _stack.Offset = reader.Position;
        _stack.Open(Opcode.Block, BlockTypes.Empty, []);
        return reader;
    }

    /// <summary>Validates the next instruction.</summary>
    public void Step(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        _stack.Offset = instruction.Start;
        OpcodeInfo info = OpcodeTable.Of(instruction.Opcode);
        _summary.WeightTotal += info.Weight;
        if (info.IsByHand)
        {
            ValidateByHand(bytes, instruction);
        }
        else
        {
            ValidateByTable(info, instruction);
        }
    }

    /// <summary>What a branch to this label takes.</summary>
    public ReadOnlySpan<WasmType> LabelTypes(int depth)
    {
        ref ControlFrame frame = ref _stack.Label(depth);
        return frame.Opcode == Opcode.Loop
            ? BlockTypes.Parameters(module, frame.BlockType)
            : ResultsOf(_stack.Depth - 1 - depth);
    }

    /// <summary>The results of the innermost block.</summary>
    public ReadOnlySpan<WasmType> BlockResults() => ResultsOf(_stack.Depth - 1);

    // Few bytes can ask for much work; what no compiler makes is refused before it takes long.
    private void CheckEffort(ReadOnlySpan<byte> bytes, int position)
    {
        _localTotal += _locals.Count;
        if (_localTotal > WasmLimits.LocalTotalMax)
        {
            throw ModuleReader.Unsupported(position, $"there are more than {WasmLimits.LocalTotalMax} locals in all");
        }

        if (_stack.MoveCount > WasmLimits.OperandMovesMin + ((long)WasmLimits.OperandMovesPerByte * bytes.Length))
        {
            throw ModuleReader.Unsupported(position, "its instructions move more operands than its size explains");
        }
    }

    private static WasmException Unknown(in Instruction instruction, string what, int index) =>
        ModuleReader.Malformed(instruction.Start, $"there is no {what} {index}");

    private void ValidateByTable(OpcodeInfo info, in Instruction instruction)
    {
        if (info.Immediate != Immediate.None)
        {
            CheckImmediate(info, instruction);
        }

        WasmType[] operands = info.Operands;
        for (int index = operands.Length - 1; index >= 0; index--)
        {
            _stack.Pop(operands[index]);
        }

        if (info.Result != WasmType.None)
        {
            _stack.Push(info.Result);
        }

        _summary.MayShowNan |= NanRules.MayShow(instruction.Opcode);
    }

    private void CheckImmediate(OpcodeInfo info, in Instruction instruction)
    {
        switch (info.Immediate)
        {
            case Immediate.MemoryArgument or Immediate.MemoryArgumentAndLane or Immediate.Memory
                or Immediate.TwoMemories:
                CheckMemory(instruction);
                break;
            case Immediate.DataAndMemory:
                CheckMemory(instruction);
                CheckData(instruction);
                break;
            case Immediate.Data:
                CheckData(instruction);
                break;
        }

        _summary.HasMeasuredInstruction |=
            instruction.Opcode is Opcode.MemoryInit or Opcode.MemoryCopy or Opcode.MemoryFill or Opcode.MemoryGrow;
    }

    private void CheckMemory(in Instruction instruction)
    {
        if (module.Memories.Count == 0)
        {
            throw Unknown(instruction, "memory", 0);
        }
    }

    private void CheckData(in Instruction instruction)
    {
        if (module.DeclaredDataCount is not { } count)
        {
            throw ModuleReader.Malformed(
                instruction.Start, "a data segment is named, but there is no data count section");
        }

        if (instruction.First >= count)
        {
            throw Unknown(instruction, "data segment", instruction.First);
        }
    }

    private void ValidateByHand(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        switch (instruction.Opcode)
        {
            case Opcode.LocalGet:
                _stack.Push(Local(instruction));
                break;
            case Opcode.LocalSet:
                _stack.Pop(Local(instruction));
                break;
            case Opcode.LocalTee:
                _stack.Pop(Local(instruction));
                _stack.Push(Local(instruction));
                break;
            case Opcode.GlobalGet:
                _stack.Push(Global(instruction).Type);
                break;
            case Opcode.GlobalSet:
                ValidateGlobalSet(instruction);
                break;
            case Opcode.Drop:
                _stack.Pop();
                break;
            case Opcode.Select:
                ValidateSelect(instruction);
                break;
            case Opcode.SelectTyped:
                ValidateTypedSelect(bytes, instruction);
                break;
            case Opcode.RefNull:
                _stack.Push((WasmType)instruction.First);
                break;
            case Opcode.RefIsNull:
                ValidateIsNull(instruction);
                break;
            case Opcode.RefFunc:
                ValidateFunctionReference(instruction);
                break;
            case Opcode.TableGet or Opcode.TableSet or Opcode.TableGrow or Opcode.TableSize or Opcode.TableFill
                or Opcode.TableInit or Opcode.TableCopy or Opcode.ElemDrop:
                ValidateTable(instruction);
                break;
            default:
                ValidateControl(bytes, instruction);
                break;
        }
    }

    private void ValidateControl(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        switch (instruction.Opcode)
        {
            case Opcode.Unreachable:
                _stack.MarkUnreachable();
                break;
            case Opcode.Block or Opcode.Loop or Opcode.If:
                ValidateOpening(instruction);
                break;
            case Opcode.Else:
                ValidateElse(instruction);
                break;
            case Opcode.End:
                ValidateEnd(instruction);
                break;
            case Opcode.Br:
                _stack.Pop(LabelTypes(instruction.First));
                _stack.MarkUnreachable();
                break;
            case Opcode.BrIf:
                _stack.Pop(WasmType.I32);
                ReadOnlySpan<WasmType> types = LabelTypes(instruction.First);
                _stack.Pop(types);
                _stack.Push(types);
                break;
            case Opcode.BrTable:
                ValidateBranchTable(bytes, instruction);
                break;
            case Opcode.Return:
                _stack.Pop(_type.Results.AsSpan());
                _stack.MarkUnreachable();
                break;
            case Opcode.Call:
                ValidateCall(instruction);
                break;
            case Opcode.CallIndirect:
                ValidateIndirectCall(instruction);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private WasmType Local(in Instruction instruction) =>
        instruction.First < _locals.Count
            ? _locals[instruction.First]
            : throw Unknown(instruction, "local", instruction.First);

    private Global Global(in Instruction instruction) => instruction.First < module.Globals.Count
        ? module.Globals[instruction.First]
        : throw Unknown(instruction, "global", instruction.First);

    private Table Table(in Instruction instruction, int index) =>
        index < module.Tables.Count ? module.Tables[index] : throw Unknown(instruction, "table", index);

    private WasmType Element(in Instruction instruction) => instruction.First < module.ElementSegments.Count
        ? module.ElementSegments[instruction.First]
        : throw Unknown(instruction, "element segment", instruction.First);

    private void ValidateGlobalSet(in Instruction instruction)
    {
        Global global = Global(instruction);
        if (!global.IsMutable)
        {
            throw ModuleReader.Malformed(instruction.Start, $"global {instruction.First} cannot be changed");
        }

        _stack.Pop(global.Type);
    }

    private void ValidateSelect(in Instruction instruction)
    {
        _stack.Pop(WasmType.I32);
        WasmType second = _stack.Pop();
        WasmType first = _stack.Pop();
        if (WasmTypes.IsReference(first) || WasmTypes.IsReference(second))
        {
            throw ModuleReader.Malformed(instruction.Start, "select without a type is for numbers only");
        }

        if (first != second && first != WasmType.None && second != WasmType.None)
        {
            throw ModuleReader.Malformed(
                instruction.Start, $"select between {WasmTypes.Name(first)} and {WasmTypes.Name(second)}");
        }

        _stack.Push(first == WasmType.None ? second : first);
    }

    private void ValidateTypedSelect(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        if (instruction.First != 1)
        {
            throw ModuleReader.Malformed(instruction.Start, "select has one type");
        }

        WasmType type = (WasmType)bytes[instruction.ListStart];
        _stack.Pop(WasmType.I32);
        _stack.Pop(type);
        _stack.Pop(type);
        _stack.Push(type);
    }

    private void ValidateIsNull(in Instruction instruction)
    {
        WasmType type = _stack.Pop();
        if (type != WasmType.None && !WasmTypes.IsReference(type))
        {
            throw ModuleReader.Malformed(instruction.Start, $"{WasmTypes.Name(type)} is no reference");
        }

        _stack.Push(WasmType.I32);
    }

    private void ValidateFunctionReference(in Instruction instruction)
    {
        if (instruction.First >= module.FunctionTypes.Count)
        {
            throw Unknown(instruction, "function", instruction.First);
        }

        if (!module.ReferencedFunctions.Contains(instruction.First))
        {
            throw ModuleReader.Malformed(
                instruction.Start, $"function {instruction.First} is not declared to be referenced");
        }

        _stack.Push(WasmType.FunctionReference);
    }

    private void ValidateTable(in Instruction instruction)
    {
        switch (instruction.Opcode)
        {
            case Opcode.TableGet:
                _stack.Pop(WasmType.I32);
                _stack.Push(Table(instruction, instruction.First).ElementType);
                return;
            case Opcode.TableSet:
                _stack.Pop([WasmType.I32, Table(instruction, instruction.First).ElementType]);
                return;
            case Opcode.TableSize:
                Table(instruction, instruction.First);
                _stack.Push(WasmType.I32);
                return;
            case Opcode.ElemDrop:
                Element(instruction);
                return;
            case Opcode.TableGrow:
                _stack.Pop([Table(instruction, instruction.First).ElementType, WasmType.I32]);
                _stack.Push(WasmType.I32);
                break;
            case Opcode.TableFill:
                _stack.Pop([WasmType.I32, Table(instruction, instruction.First).ElementType, WasmType.I32]);
                break;
            case Opcode.TableInit or Opcode.TableCopy:
                ValidateTableCopy(instruction);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }

        _summary.HasMeasuredInstruction = true;
    }

    private void ValidateTableCopy(in Instruction instruction)
    {
        // Their immediates stand in opposite orders: init has segment and table, copy has destination and source.
        bool isInit = instruction.Opcode == Opcode.TableInit;
        WasmType source = isInit ? Element(instruction) : Table(instruction, instruction.Second).ElementType;
        WasmType destination = Table(instruction, isInit ? instruction.Second : instruction.First).ElementType;
        if (source != destination)
        {
            throw ModuleReader.Malformed(
                instruction.Start, $"{WasmTypes.Name(source)} copied to a table of {WasmTypes.Name(destination)}");
        }

        _stack.Pop([WasmType.I32, WasmType.I32, WasmType.I32]);
    }

    private void ValidateOpening(in Instruction instruction)
    {
        if (instruction.First >= module.Types.Count)
        {
            throw Unknown(instruction, "type", instruction.First);
        }

        if (instruction.Opcode == Opcode.If)
        {
            _stack.Pop(WasmType.I32);
        }

        _summary.HasLoop |= instruction.Opcode == Opcode.Loop;
        ReadOnlySpan<WasmType> parameters = BlockTypes.Parameters(module, instruction.First);
        _stack.Pop(parameters);
        _stack.Open(instruction.Opcode, instruction.First, parameters);
    }

    private void ValidateElse(in Instruction instruction)
    {
        if (_stack.Top.Opcode != Opcode.If)
        {
            throw ModuleReader.Malformed(instruction.Start, "an else without an if");
        }

        int blockType = _stack.Top.BlockType;
        _stack.Close(BlockTypes.Results(module, blockType));
        _stack.Open(Opcode.Else, blockType, BlockTypes.Parameters(module, blockType));
    }

    private void ValidateEnd(in Instruction instruction)
    {
        ReadOnlySpan<WasmType> results = ResultsOf(_stack.Depth - 1);
        ControlFrame frame = _stack.Close(results);
        if (frame.Opcode == Opcode.If && !BlockTypes.Parameters(module, frame.BlockType).SequenceEqual(results))
        {
            throw ModuleReader.Malformed(instruction.Start, "an if without an else gives what it does not take");
        }

        if (_stack.Depth > 0)
        {
            _stack.Push(results);
        }
    }

    /// <summary>The results of the block that is <paramref name="level"/> blocks inside the function; 0 is the
    /// function.</summary>
    private ReadOnlySpan<WasmType> ResultsOf(int level) =>
        level == 0
            ? _type.Results.AsSpan()
            : BlockTypes.Results(module, _stack.Label(_stack.Depth - 1 - level).BlockType);

    private void ValidateBranchTable(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        _stack.Pop(WasmType.I32);
        ModuleReader labels = new(bytes, instruction.ListStart, instruction.End);
        int arity = -1;
        for (int index = 0; index <= instruction.First; index++)
        {
            ReadOnlySpan<WasmType> types = LabelTypes((int)Math.Min(labels.ReadU32(), int.MaxValue));
            if (arity >= 0 && types.Length != arity)
            {
                throw ModuleReader.Malformed(
                    instruction.Start, "the labels of a br_table take different counts of operands");
            }

            arity = types.Length;
            _stack.CheckTop(types);
        }

        _stack.MarkUnreachable();
    }

    private void ValidateCall(in Instruction instruction)
    {
        if (instruction.First >= module.FunctionTypes.Count)
        {
            throw Unknown(instruction, "function", instruction.First);
        }

        if (_calleesSeen.Add(instruction.First))
        {
            _summary.Callees.Add(instruction.First);
        }

        FunctionType type = module.TypeOfFunction(instruction.First);
        _stack.Pop(type.Parameters.AsSpan());
        _stack.Push(type.Results.AsSpan());
    }

    private void ValidateIndirectCall(in Instruction instruction)
    {
        if (instruction.First >= module.Types.Count)
        {
            throw Unknown(instruction, "type", instruction.First);
        }

        if (Table(instruction, instruction.Second).ElementType != WasmType.FunctionReference)
        {
            throw ModuleReader.Malformed(instruction.Start, "an indirect call through a table of externref");
        }

        _summary.HasIndirectCall = true;
        FunctionType type = module.Types[instruction.First];
        _stack.Pop(WasmType.I32);
        _stack.Pop(type.Parameters.AsSpan());
        _stack.Push(type.Results.AsSpan());
    }
}
