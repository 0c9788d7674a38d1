using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Decides where a function takes fuel, and how much. Code that runs exactly as often as an earlier place in the same
/// iteration (because no branch leads around it) is paid at that earlier place; see docs/design/metering.md, "Where
/// fuel is taken".</summary>
internal sealed class ChargePlanner(MeteringPlan plan)
{
    private const int Dead = -1;

    private readonly List<ChargePoint> _points = [];
    private readonly List<Frame> _frames = [];
    private int _current;

    /// <summary>The places of the function planned last, by offset. The first is the function's entry.</summary>
    public List<ChargePoint> Points => _points;

    /// <summary>Plans the code from <paramref name="codeStart"/>, behind the locals, to
    /// <paramref name="end"/>.</summary>
    public void Plan(ReadOnlySpan<byte> bytes, int codeStart, int end)
    {
        _points.Clear();
        _frames.Clear();
        _current = Open(codeStart, isLoop: false);
        _frames.Add(new() { Opcode = Opcode.Block, EntryPoint = _current, LowestTarget = int.MaxValue });
        ModuleReader reader = new(bytes, codeStart, end);
        while (!reader.AtEnd)
        {
            InstructionReader.Read(ref reader, out Instruction instruction);
            Charge(OpcodeTable.Of(instruction.Opcode).Weight);
            Step(bytes, instruction);
        }
    }

    private void Step(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        switch (instruction.Opcode)
        {
            case Opcode.Block or Opcode.Loop or Opcode.If:
                Enter(instruction);
                break;
            case Opcode.Else:
                StepElse(instruction);
                break;
            case Opcode.End:
                StepEnd(instruction);
                break;
            case Opcode.Br or Opcode.BrIf or Opcode.BrTable or Opcode.Return:
                StepBranch(bytes, instruction);
                break;
            case Opcode.Unreachable:
                _current = Dead;
                break;
            case Opcode.Call:
                Charge(plan.FlatPriceOf(instruction.First));
                break;
        }
    }

    private void StepBranch(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        if (_current == Dead)
        {
            return;
        }

        switch (instruction.Opcode)
        {
            case Opcode.Return:
                Branch(0);
                break;
            case Opcode.BrTable:
                BranchTable(bytes, instruction);
                break;
            default:
                Branch(_frames.Count - 1 - instruction.First);
                break;
        }

        _current = instruction.Opcode == Opcode.BrIf ? Open(instruction.End, isLoop: false) : Dead;
    }

    private void Charge(long cost)
    {
        if (_current != Dead && cost != 0)
        {
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_points)[_current].Cost += cost;
        }
    }

    private int Open(int offset, bool isLoop)
    {
        _points.Add(new() { Offset = offset, IsLoop = isLoop });
        return _points.Count - 1;
    }

    private void Enter(in Instruction instruction)
    {
        _frames.Add(new() { Opcode = instruction.Opcode, EntryPoint = _current, LowestTarget = int.MaxValue });
        if (_current != Dead && instruction.Opcode != Opcode.Block)
        {
            _current = Open(instruction.End, instruction.Opcode == Opcode.Loop);
        }
    }

    private void StepElse(in Instruction instruction)
    {
        Frame frame = _frames[^1];
        frame.Opcode = Opcode.Else;
        frame.EndIsReachable |= _current != Dead;
        _frames[^1] = frame;
        _current = frame.EntryPoint == Dead ? Dead : Open(instruction.End, isLoop: false);
    }

    private void StepEnd(in Instruction instruction)
    {
        Frame frame = _frames[^1];
        int level = _frames.Count - 1;
        _frames.RemoveAt(level);
        if (level == 0)
        {
            return;
        }

        if (frame.LowestTarget < level)
        {
            Branch(frame.LowestTarget);
        }

        bool isReachable = _current != Dead || frame.EndIsReachable || frame.Opcode == Opcode.If;
        if (frame.EntryPoint == Dead || !isReachable)
        {
            _current = Dead;
        }
        else
        {
            // With a branch that leaves the block for good, what follows runs less often than the block.
            _current = frame.LowestTarget < level ? Open(instruction.End, isLoop: false) : frame.EntryPoint;
        }
    }

    /// <summary>Notes a branch to the block at <paramref name="level"/>; 0 is the function.</summary>
    private void Branch(int level)
    {
        Frame inner = _frames[^1];
        inner.LowestTarget = Math.Min(inner.LowestTarget, level);
        _frames[^1] = inner;
        Frame target = _frames[level];
        target.EndIsReachable |= target.Opcode != Opcode.Loop;
        _frames[level] = target;
    }

    private void BranchTable(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        ModuleReader labels = new(bytes, instruction.ListStart, instruction.End);
        for (int index = 0; index <= instruction.First; index++)
        {
            Branch(_frames.Count - 1 - (int)labels.ReadU32());
        }
    }

    private struct Frame
    {
        public Opcode Opcode;

        /// <summary>Where the code in front of the block is paid.</summary>
        public int EntryPoint;

        /// <summary>The outermost level that a branch inside leads to.</summary>
        public int LowestTarget;

        /// <summary>Whether a branch, or the arm in front of else, leads to the end.</summary>
        public bool EndIsReachable;
    }
}
