using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Follows through a function which operands may be a NaN with bits of the engine's choice, and says which of them an
/// instruction must be given exact. Between functions and between blocks everything is exact. A local has one state for
/// its whole function, found by going over it until nothing changes.
/// </summary>
internal sealed class NanFlow(WasmModule module)
{
    // Functions whose locals need more passes than this to settle are rare: every local is then made exact when it is
    // set.
    private const int PassesMax = 6;

    // The same for rounds over the versions that come together.
    private const int RoundsMax = 50;

    private const int ShuffleLaneCount = 16;

    private readonly FunctionValidator _validator = new(module);
    private readonly LocalVersions _locals = new();
    private bool _hasChanged;
    private bool _makesAllExact;
    private int _movedBytes;

    public OperandStack Stack => _validator.Stack;

    /// <summary>The operands that the next instruction must be given exact and that are not, as depths below the top,
    /// ascending.</summary>
    public List<int> Demanded { get; } = [];

    /// <summary>The kinds of operands that the function's instructions demand exact.</summary>
    public HashSet<(WasmType Type, NanState State)> DemandedKinds { get; } = [];

    /// <summary>How many operands the function's instructions demand exact, those above them counted too.</summary>
    public int DemandedTotal { get; private set; }

    /// <summary>Settles the states of locals, and starts with the function.</summary>
    public void Begin(ReadOnlySpan<byte> bytes, int defined)
    {
        ModuleReader code = _validator.Begin(bytes, defined);
        int parameterCount = module.TypeOfFunction(module.ImportedFunctionCount + defined).Parameters.Length;
        _locals.Find(bytes, code, _validator.Locals, parameterCount);
        _makesAllExact = false;
        for (int pass = 0; pass == 0 || _hasChanged; pass++)
        {
            _makesAllExact |= pass >= PassesMax;
            _hasChanged = false;
            DemandedKinds.Clear();
            DemandedTotal = 0;
            ModuleReader reader = _validator.Begin(bytes, defined);
            while (!reader.AtEnd)
            {
                InstructionReader.Read(ref reader, out Instruction instruction);
                FindDemanded(bytes, instruction);
                NoteDemanded();
                MarkDemandedExact();
                Step(bytes, instruction);
            }

            BringTogether();
        }

        _validator.Begin(bytes, defined);
    }

    /// <summary>Fills <see cref="Demanded"/>.</summary>
    public void FindDemanded(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        Demanded.Clear();
        OpcodeInfo info = OpcodeTable.Of(instruction.Opcode);
        int count = info.IsByHand ? CountByHand(bytes, instruction) : info.Operands.Length;
        count = Math.Min(count, Stack.Height - Stack.Top.Height);
        if (instruction.Opcode == Opcode.Shuffle)
        {
            _movedBytes = MovedTogether(bytes[(instruction.End - ShuffleLaneCount)..instruction.End]);
        }

        NanRule rule = NanRules.Of(instruction.Opcode);
        bool conflicts = JoinOperands(instruction.Opcode, rule, count) == NanState.Conflict;
        for (int below = 0; below < count; below++)
        {
            NanState state = Stack.StateAt(below);
            if (IsLoose(state) && (conflicts || !Accepts(instruction, rule, state)))
            {
                Demanded.Add(below);
            }
        }
    }

    /// <summary>Notes that the demanded operands are exact now.</summary>
    public void MarkDemandedExact()
    {
        foreach (int below in Demanded)
        {
            Stack.StateAt(below) = NanState.Exact;
        }
    }

    /// <summary>Goes over the instruction; what it demands exact is exact by now.</summary>
    public void Step(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        int available = Stack.Height - Stack.Top.Height;
        NanState joined = NanState.Exact;
        switch (instruction.Opcode)
        {
            case Opcode.LocalSet or Opcode.LocalTee when available > 0:
                NoteSet(_locals.At(instruction.Start), Stack.StateAt(0));
                joined = Stack.StateAt(0);
                break;
            case Opcode.LocalGet:
                joined = _makesAllExact ? NanState.Exact : _locals.At(instruction.Start).ReadState;
                break;
            case Opcode.Select or Opcode.SelectTyped:
                joined = JoinOperands(instruction.Opcode, default, Math.Min(3, available));
                break;
            case Opcode.F32Const or Opcode.F64Const or Opcode.V128Const:
                joined = StateOfConstant(bytes, instruction);
                break;
            default:
                joined = StateOfResult(instruction.Opcode, available);
                break;
        }

        _validator.Step(bytes, instruction);
        if (Stack.Depth > 0 && Stack.Height > Stack.Top.Height && GivesFollowed(instruction.Opcode))
        {
            Stack.StateAt(0) = joined == NanState.Conflict ? NanState.Exact : joined;
        }
    }

    private void NoteDemanded()
    {
        DemandedTotal += Demanded.Count == 0 ? 0 : Demanded[^1] + 1;
        foreach (int below in Demanded)
        {
            DemandedKinds.Add((Stack.TypeAt(below), Stack.StateAt(below)));
        }
    }

    private static bool IsLoose(NanState state) =>
        state is NanState.Loose or NanState.LooseLanes32 or NanState.LooseLanes64;

    private static NanState Join(NanState left, NanState right) => (left, right) switch
    {
        _ when left == right => left,
        (NanState.Number, _) => right,
        (_, NanState.Number) => left,
        _ => NanState.Conflict,
    };

    // Whether the state of the result was found before the step; the results of blocks and calls are exact.
    private static bool GivesFollowed(Opcode opcode) =>
        opcode is Opcode.LocalGet or Opcode.LocalTee or Opcode.Select or Opcode.SelectTyped
        || OpcodeTable.Of(opcode) is { IsByHand: false, Result: WasmType.F32 or WasmType.F64 or WasmType.V128 };

    private static NanState StateOfConstant(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        ReadOnlySpan<byte> bits = bytes[instruction.ListStart..instruction.End];
        bool isNumber = instruction.Opcode switch
        {
            Opcode.F32Const => !float.IsNaN(System.Buffers.Binary.BinaryPrimitives.ReadSingleLittleEndian(bits)),
            Opcode.F64Const => !double.IsNaN(System.Buffers.Binary.BinaryPrimitives.ReadDoubleLittleEndian(bits)),
            _ => !bits.ContainsAnyExcept((byte)0),
        };
        return isNumber ? NanState.Number : NanState.Exact;
    }

    /// <summary>How many neighbouring bytes a shuffle keeps together at their place in a lane: 8, 4 or less.</summary>
    private static int MovedTogether(ReadOnlySpan<byte> lanes)
    {
        int together = 8;
        for (int lane = 0; lane < lanes.Length; lane++)
        {
            int offset = lane % together;
            while (together > 1 && (lanes[lane] % together != offset || lanes[lane - offset] + offset != lanes[lane]))
            {
                together /= 2;
                offset = lane % together;
            }
        }

        return together;
    }

    private bool Accepts(in Instruction instruction, NanRule rule, NanState state) => instruction.Opcode switch
    {
        Opcode.Drop or Opcode.Select or Opcode.SelectTyped => true,
        Opcode.LocalSet or Opcode.LocalTee => !_makesAllExact && !_locals.At(instruction.Start).MustBeExact,
        Opcode.Shuffle => _movedBytes >= (state == NanState.LooseLanes64 ? 8 : 4),
        _ when OpcodeTable.Of(instruction.Opcode).IsByHand => false,
        _ => state == NanState.Loose ? !rule.ShowsScalars : rule.Accepts == state,
    };

    /// <summary>How many operands an instruction takes whose operands depend on more than its opcode; references and
    /// integers need not be counted.</summary>
    private int CountByHand(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        switch (instruction.Opcode)
        {
            case Opcode.Drop or Opcode.LocalSet or Opcode.LocalTee or Opcode.GlobalSet:
                return 1;
            case Opcode.Select or Opcode.SelectTyped:
                return 3;
            case Opcode.Block or Opcode.Loop:
                return BlockTypes.Parameters(module, instruction.First).Length;
            case Opcode.If:
                return BlockTypes.Parameters(module, instruction.First).Length + 1;
            case Opcode.Br:
                return _validator.LabelTypes(instruction.First).Length;
            case Opcode.BrIf:
                return _validator.LabelTypes(instruction.First).Length + 1;
            case Opcode.BrTable:
                ModuleReader labels = new(bytes, instruction.ListStart, instruction.End);
                return _validator.LabelTypes((int)labels.ReadU32()).Length + 1;
            case Opcode.Return:
                return _validator.LabelTypes(Stack.Depth - 1).Length;
            case Opcode.Else or Opcode.End:
                return _validator.BlockResults().Length;
            case Opcode.Call:
                return module.TypeOfFunction(instruction.First).Parameters.Length;
            case Opcode.CallIndirect:
                return module.Types[instruction.First].Parameters.Length + 1;
            default:
                return 0;
        }
    }

    /// <summary>The state that a result has whose bits are those of one or the other operand.</summary>
    private NanState JoinOperands(Opcode opcode, NanRule rule, int count)
    {
        bool isSelect = opcode is Opcode.Select or Opcode.SelectTyped;
        if (!isSelect && !rule.Follows && opcode != Opcode.Shuffle)
        {
            return NanState.Exact;
        }

        NanState joined = NanState.Number;
        for (int below = isSelect ? 1 : 0; below < count; below++)
        {
            NanState state = Stack.StateAt(below);
            bool isLane = rule.Accepts != NanState.Exact && state == NanState.Loose;
            joined = Join(joined, isLane ? rule.Accepts : state);
        }

        return joined;
    }

    private NanState StateOfResult(Opcode opcode, int available)
    {
        OpcodeInfo info = OpcodeTable.Of(opcode);
        NanRule rule = NanRules.Of(opcode);
        if (!rule.Follows && opcode != Opcode.Shuffle)
        {
            return rule.Result;
        }

        NanState joined = JoinOperands(opcode, rule, Math.Min(info.Operands.Length, available));
        if (info.Result == WasmType.V128)
        {
            // A number in a lane may look like a NaN where lanes of the other width are read; only zeros never do.
            return joined == NanState.Number ? NanState.Exact : joined;
        }

        return IsLoose(joined) ? NanState.Loose : NanState.Exact;
    }

    private void NoteSet(LocalVersion version, NanState given)
    {
        _hasChanged |= given != version.State && !version.MustBeExact && !_makesAllExact;
        version.State = given;
    }

    // What comes together is as its sources are. Where they differ, all of them must be exact.
    private void BringTogether()
    {
        bool isSettled = _makesAllExact;
        for (int round = 0; !isSettled; round++)
        {
            isSettled = true;
            if (round == RoundsMax)
            {
                _makesAllExact = true;
                _hasChanged = true;
                return;
            }

            foreach (LocalVersion meeting in _locals.Meetings)
            {
                NanState joined = NanState.Number;
                foreach (LocalVersion source in meeting.Sources!)
                {
                    joined = Join(joined, source.ReadState);
                }

                if (joined == NanState.Conflict && !meeting.MustBeExact)
                {
                    MakeExact(meeting);
                    isSettled = false;
                }
                else if (joined != meeting.State && !meeting.MustBeExact)
                {
                    meeting.State = joined;
                    isSettled = false;
                }
            }

            _hasChanged |= !isSettled;
        }
    }

    private static void MakeExact(LocalVersion meeting)
    {
        Stack<LocalVersion> found = new([meeting]);
        while (found.TryPop(out LocalVersion? next))
        {
            if (next.MustBeExact)
            {
                continue;
            }

            next.MustBeExact = true;
            foreach (LocalVersion source in next.Sources ?? [])
            {
                found.Push(source);
            }
        }
    }
}
