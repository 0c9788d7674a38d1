using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Follows through a function which operands may be a NaN with bits of the engine's choice, and says which of them an instruction
/// must be given exact. Locals have one state for the whole function, found by going over it until nothing changes.
/// </summary>
internal sealed class NanFlow(WasmModule module)
{
    // Functions whose locals need more passes than this to settle are rare: the rest is then assumed to be loose.
    private const int PassesMax = 6;

    private readonly FunctionValidator _validator = new(module);
    private readonly List<NanState> _locals = [];
    private bool _hasChanged;
    private NanState _followed;
    private int _movedBytes;

    public OperandStack Stack => _validator.Stack;

    /// <summary>Settles the states of locals, and starts with the function.</summary>
    public void Begin(ReadOnlySpan<byte> bytes, int defined)
    {
        Restart(bytes, defined);
        int parameterCount = module.TypeOfFunction(module.ImportedFunctionCount + defined).Parameters.Length;
        _locals.Clear();
        for (int local = 0; local < _validator.Locals.Count; local++)
        {
            bool isLoose = local < parameterCount && _validator.Locals[local] is WasmType.F32 or WasmType.F64;
            _locals.Add(isLoose ? NanState.Loose : NanState.Exact);
        }

        for (int pass = 0; pass == 0 || _hasChanged; pass++)
        {
            if (pass == PassesMax)
            {
                AssumeLoose();
            }

            _hasChanged = false;
            ModuleReader reader = Restart(bytes, defined);
            while (!reader.AtEnd)
            {
                InstructionReader.Read(ref reader, out Instruction instruction);
                FindDemanded(bytes, instruction);
                MarkDemandedExact();
                Step(bytes, instruction);
            }
        }

        Restart(bytes, defined);
    }

    /// <summary>The operands that the next instruction must be given exact and that are not, as depths below the top, ascending.
    /// </summary>
    public List<int> Demanded { get; } = [];

    /// <summary>Fills <see cref="Demanded"/>.</summary>
    public void FindDemanded(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        Demanded.Clear();
        (int count, bool withScalars) = Demands(bytes, instruction);
        for (int below = 0; below < count; below++)
        {
            if (MustBeExact(instruction, below, withScalars))
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
        OpcodeInfo info = OpcodeTable.Of(instruction.Opcode);
        NanRule rule = NanRules.Of(instruction.Opcode);
        int available = Stack.Height - Stack.Top.Height;
        switch (instruction.Opcode)
        {
            case Opcode.LocalSet or Opcode.LocalTee when available > 0:
                NoteSet(instruction.First, Stack.StateAt(0));
                break;
            case Opcode.Select or Opcode.SelectTyped when available >= 3:
                _followed = Join(Stack.StateAt(1), Stack.StateAt(2));
                break;
            case Opcode.Shuffle when available >= 2:
                _followed = Join(Stack.StateAt(0), Stack.StateAt(1));
                break;
            default:
                _followed = rule.Follows ? FollowedState(info, instruction.Opcode, rule, available) : rule.Result;
                break;
        }

        _validator.Step(bytes, instruction);
        if (Stack.Depth > 0 && Stack.Height > Stack.Top.Height)
        {
            SetResult(instruction, info);
        }
    }

    private static NanState Join(NanState left, NanState right) => (left, right) switch
    {
        _ when left == right || right == NanState.Exact => left,
        (NanState.Exact, _) => right,
        _ => NanState.ExactWhenSet,
    };

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

    /// <summary>How many operands from the top down this instruction looks at, and whether that includes scalars.</summary>
    private (int Count, bool WithScalars) Demands(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        int available = Stack.Height - Stack.Top.Height;
        switch (instruction.Opcode)
        {
            case Opcode.Shuffle:
                _movedBytes = MovedTogether(bytes[(instruction.End - 16)..instruction.End]);
                break;
            case Opcode.Drop or Opcode.LocalGet or Opcode.Nop or Opcode.Unreachable:
                return (0, false);
            case Opcode.LocalSet or Opcode.LocalTee:
                return (_locals[instruction.First] == NanState.ExactWhenSet ? Math.Min(1, available) : 0, false);
            case Opcode.Call when instruction.First < module.ImportedFunctionCount:
                int arguments = module.TypeOfFunction(instruction.First).Parameters.Length;
                return (Math.Min(arguments, available), true);
            case Opcode.Select or Opcode.SelectTyped:
                return (available >= 3 && Join(Stack.StateAt(1), Stack.StateAt(2)) == NanState.ExactWhenSet ? 3 : 0, false);
        }

        OpcodeInfo info = OpcodeTable.Of(instruction.Opcode);
        if (info.IsByHand)
        {
            return (available, false);
        }

        NanRule rule = NanRules.Of(instruction.Opcode);
        return rule.ShowsTop
            ? (Math.Min(1, available), true)
            : (Math.Min(info.Operands.Length, available), false);
    }

    /// <summary>Whether the operand <paramref name="below"/> the top may not go into this instruction as it is.</summary>
    private bool MustBeExact(in Instruction instruction, int below, bool withScalars)
    {
        NanState state = Stack.StateAt(below);
        return state switch
        {
            NanState.Exact => false,
            NanState.Loose => withScalars,
            _ when instruction.Opcode == Opcode.Shuffle => _movedBytes < (state == NanState.LooseLanes64 ? 8 : 4)
                || Join(Stack.StateAt(0), Stack.StateAt(1)) == NanState.ExactWhenSet,
            _ => NanRules.Of(instruction.Opcode).Accepts != state,
        };
    }

    private ModuleReader Restart(ReadOnlySpan<byte> bytes, int defined) => _validator.Begin(bytes, defined);

    private void AssumeLoose()
    {
        for (int local = 0; local < _locals.Count; local++)
        {
            _locals[local] = _validator.Locals[local] switch
            {
                WasmType.F32 or WasmType.F64 => NanState.Loose,
                WasmType.V128 => NanState.ExactWhenSet,
                _ => NanState.Exact,
            };
        }
    }

    private void NoteSet(int local, NanState given)
    {
        NanState joined = _locals[local] == NanState.ExactWhenSet ? NanState.ExactWhenSet : Join(_locals[local], given);
        _hasChanged |= joined != _locals[local];
        _locals[local] = joined;
    }

    private NanState FollowedState(OpcodeInfo info, Opcode opcode, NanRule rule, int available)
    {
        int last = info.Operands.Length - 1;
        for (int below = 0; below <= Math.Min(last, available - 1); below++)
        {
            // The sign that copysign takes is exact by now; its result is as loose as the operand below.
            bool isSign = opcode is Opcode.F32Copysign or Opcode.F64Copysign && below == 0;
            if (!isSign && Stack.StateAt(below) != NanState.Exact)
            {
                return info.Result == WasmType.V128 ? rule.Accepts : NanState.Loose;
            }
        }

        return NanState.Exact;
    }

    private void SetResult(in Instruction instruction, OpcodeInfo info)
    {
        switch (instruction.Opcode)
        {
            case Opcode.LocalGet or Opcode.LocalTee:
                NanState local = _locals[instruction.First];
                Stack.StateAt(0) = local == NanState.ExactWhenSet ? NanState.Exact : local;
                break;
            case Opcode.Select or Opcode.SelectTyped:
                Stack.StateAt(0) = _followed == NanState.ExactWhenSet ? NanState.Exact : _followed;
                break;
            default:
                if (!info.IsByHand && info.Result is WasmType.F32 or WasmType.F64 or WasmType.V128)
                {
                    Stack.StateAt(0) = _followed;
                }

                break;
        }
    }
}
