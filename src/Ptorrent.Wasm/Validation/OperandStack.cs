using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Validation;

/// <summary>
/// The two stacks of the specification's validation algorithm (WebAssembly 2.0, appendix A.3): types of operands, and
/// open blocks.</summary>
internal sealed class OperandStack
{
    private const int FirstCapacity = 64;

    private WasmType[] _types = new WasmType[FirstCapacity];
    private NanState[] _states = new NanState[FirstCapacity];
    private ControlFrame[] _frames = new ControlFrame[FirstCapacity];
    private int _vectorCount;

    /// <summary>Operands now.</summary>
    public int Height { get; private set; }

    public int Depth { get; private set; }

    /// <summary>Operands put on and taken off since the beginning.</summary>
    public long MoveCount { get; private set; }

    /// <summary>The most slots that were ever used; a v128 takes two.</summary>
    public int SlotCountMax { get; private set; }

    /// <summary>Of the instruction at hand, for messages.</summary>
    public int Offset { get; set; }

    public ref ControlFrame Top => ref _frames[Depth - 1];

    public void Clear()
    {
        Height = 0;
        Depth = 0;
        SlotCountMax = 0;
        _vectorCount = 0;
    }

    public void Push(WasmType type)
    {
        if (Height == _types.Length)
        {
            if (Height >= WasmLimits.OperandCountMax)
            {
                throw ModuleReader.Unsupported(Offset, $"more than {WasmLimits.OperandCountMax} operands at once");
            }

            Array.Resize(ref _types, _types.Length * 2);
            Array.Resize(ref _states, _types.Length);
        }

        MoveCount++;
        _states[Height] = NanState.Exact;
        _types[Height++] = type;
        if (type == WasmType.V128)
        {
            _vectorCount++;
        }

        SlotCountMax = Math.Max(SlotCountMax, Height + _vectorCount);
    }

    /// <summary>What is known of the bits of the operand that is <paramref name="below"/> below the top; exact at
    /// first.</summary>
    public ref NanState StateAt(int below) => ref _states[Height - 1 - below];

    public WasmType TypeAt(int below) => _types[Height - 1 - below];

    public void Push(ReadOnlySpan<WasmType> types)
    {
        foreach (WasmType type in types)
        {
            Push(type);
        }
    }

    /// <summary>Takes an operand of any type; <see cref="WasmType.None"/> where code cannot be reached.</summary>
    public WasmType Pop()
    {
        ref ControlFrame frame = ref Top;
        if (Height == frame.Height)
        {
            return frame.IsUnreachable ? WasmType.None : throw ModuleReader.Malformed(Offset, "an operand is missing");
        }

        MoveCount++;
        WasmType type = _types[--Height];
        if (type == WasmType.V128)
        {
            _vectorCount--;
        }

        return type;
    }

    public void Pop(WasmType expected)
    {
        WasmType actual = Pop();
        if (actual != expected && actual != WasmType.None && expected != WasmType.None)
        {
            throw ModuleReader.Malformed(
                Offset, $"an operand is {WasmTypes.Name(actual)} where {WasmTypes.Name(expected)} is needed");
        }
    }

    public void Pop(ReadOnlySpan<WasmType> types)
    {
        for (int index = types.Length - 1; index >= 0; index--)
        {
            Pop(types[index]);
        }
    }

    /// <summary>Takes operands and puts back what they are, as a br_table does for each label: unknown ones stay
    /// unknown.</summary>
    public void CheckTop(ReadOnlySpan<WasmType> types)
    {
        ref ControlFrame frame = ref Top;
        MoveCount += types.Length;
        for (int index = 0; index < types.Length; index++)
        {
            int at = Height - 1 - index;
            WasmType expected = types[types.Length - 1 - index];
            if (at < frame.Height)
            {
                if (!frame.IsUnreachable)
                {
                    throw ModuleReader.Malformed(Offset, "an operand is missing");
                }

                return;
            }

            if (_types[at] != expected && _types[at] != WasmType.None)
            {
                throw ModuleReader.Malformed(
                    Offset, $"an operand is {WasmTypes.Name(_types[at])} where {WasmTypes.Name(expected)} is needed");
            }
        }
    }

    public void Open(Opcode opcode, int blockType, ReadOnlySpan<WasmType> parameters)
    {
        if (Depth == _frames.Length)
        {
            if (Depth >= WasmLimits.NestingMax)
            {
                throw ModuleReader.Unsupported(Offset, $"more than {WasmLimits.NestingMax} blocks inside each other");
            }

            Array.Resize(ref _frames, _frames.Length * 2);
        }

        _frames[Depth++] = new() { Opcode = opcode, BlockType = blockType, Height = Height };
        Push(parameters);
    }

    /// <summary>Closes the innermost block, which must have exactly its results on the stack, and takes them.</summary>
    public ControlFrame Close(ReadOnlySpan<WasmType> results)
    {
        Pop(results);
        if (Height != Top.Height)
        {
            throw ModuleReader.Malformed(Offset, "a block leaves more operands than its type says");
        }

        return _frames[--Depth];
    }

    public ref ControlFrame Label(int depth)
    {
        if (depth >= Depth)
        {
            throw ModuleReader.Malformed(Offset, $"there is no label {depth}");
        }

        return ref _frames[Depth - 1 - depth];
    }

    public void MarkUnreachable()
    {
        ref ControlFrame frame = ref Top;
        while (Height > frame.Height)
        {
            Pop();
        }

        frame.IsUnreachable = true;
    }
}
