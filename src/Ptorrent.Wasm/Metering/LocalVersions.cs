using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Tells apart the values that a local has one after another, as static single assignment does: compilers put unrelated
/// values into one local. Where paths meet, versions that differ come together in a new one, which counts only if it is
/// read.
/// </summary>
internal sealed class LocalVersions
{
    // Paths that meet cost a step for each local that may hold floats. A function that needs more steps than these, and
    // so many for each byte of its code, is not told apart: each value is then made exact when it is set.
    private const long StepsMin = 100_000;
    private const long StepsPerByte = 64;

    private readonly Dictionary<int, LocalVersion> _versionOfInstruction = [];
    private readonly List<LocalVersion> _meetings = [];
    private readonly List<Frame> _frames = [];
    private readonly List<int> _slotOfLocal = [];
    private LocalVersion[]? _now;
    private long _steps; // Left.

    /// <summary>Versions of no float, and all of a function that was not told apart.</summary>
    private readonly LocalVersion _coarse = new() { MustBeExact = true };

    /// <summary>The versions in which others come together and which are read.</summary>
    public IReadOnlyList<LocalVersion> Meetings => _meetings;

    /// <summary>What the instruction at this byte reads or sets.</summary>
    public LocalVersion At(int offset) => _versionOfInstruction.GetValueOrDefault(offset, _coarse);

    /// <summary>Goes over a function whose code <paramref name="reader"/> stands at.</summary>
    public void Find(ReadOnlySpan<byte> bytes, ModuleReader reader, List<WasmType> locals, int parameterCount)
    {
        _versionOfInstruction.Clear();
        _meetings.Clear();
        _frames.Clear();
        _steps = StepsMin + (StepsPerByte * reader.Remaining);
        Enter(locals, parameterCount);
        while (!reader.AtEnd && _steps > 0)
        {
            InstructionReader.Read(ref reader, out Instruction instruction);
            Step(bytes, instruction);
        }

        if (_steps <= 0)
        {
            _versionOfInstruction.Clear();
            _meetings.Clear();
            return;
        }

        _meetings.RemoveAll(m => !m.IsRead);
    }

    private static void MarkRead(LocalVersion version)
    {
        Stack<LocalVersion> found = new([version]);
        while (found.TryPop(out LocalVersion? next))
        {
            if (next.IsRead)
            {
                continue;
            }

            next.IsRead = true;
            foreach (LocalVersion source in next.Sources ?? [])
            {
                found.Push(source);
            }
        }
    }

    private void Enter(List<WasmType> locals, int parameterCount)
    {
        _slotOfLocal.Clear();
        List<LocalVersion> first = [];
        for (int local = 0; local < locals.Count; local++)
        {
            bool holdsFloats = locals[local] is WasmType.F32 or WasmType.F64 or WasmType.V128;
            _slotOfLocal.Add(holdsFloats ? first.Count : -1);
            if (holdsFloats)
            {
                // What is no parameter is zero at first.
                first.Add(new() { State = local < parameterCount ? NanState.Exact : NanState.Number });
            }
        }

        _now = [.. first];
        _frames.Add(new() { Opcode = Opcode.Block });
    }

    private void Step(ReadOnlySpan<byte> bytes, in Instruction instruction)
    {
        switch (instruction.Opcode)
        {
            case Opcode.LocalGet when _slotOfLocal[instruction.First] >= 0 && _now is not null:
                LocalVersion read = _now[_slotOfLocal[instruction.First]];
                MarkRead(read);
                _versionOfInstruction[instruction.Start] = read;
                break;
            case Opcode.LocalSet or Opcode.LocalTee when _slotOfLocal[instruction.First] >= 0 && _now is not null:
                LocalVersion set = new();
                _now[_slotOfLocal[instruction.First]] = set;
                _versionOfInstruction[instruction.Start] = set;
                break;
            case Opcode.Block or Opcode.Loop or Opcode.If:
                Open(instruction.Opcode);
                break;
            case Opcode.Else:
                Frame frame = _frames[^1];
                Meet(frame);
                _now = frame.AtElse;
                frame.AtElse = null;
                break;
            case Opcode.End:
                Close();
                break;
            case Opcode.Br or Opcode.BrIf:
                Meet(_frames[_frames.Count - 1 - instruction.First]);
                _now = instruction.Opcode == Opcode.Br ? null : _now;
                break;
            case Opcode.BrTable:
                ModuleReader labels = new(bytes, instruction.ListStart, instruction.End);
                for (int label = 0; label <= instruction.First; label++)
                {
                    Meet(_frames[_frames.Count - 1 - (int)labels.ReadU32()]);
                }

                _now = null;
                break;
            case Opcode.Return or Opcode.Unreachable:
                _now = null;
                break;
        }
    }

    private void Open(Opcode opcode)
    {
        Frame frame = new() { Opcode = opcode };
        _frames.Add(frame);
        if (_now is null)
        {
            return;
        }

        _steps -= _now.Length + 1;
        if (opcode == Opcode.Loop)
        {
            LocalVersion[] heads = [.. _now.Select(v => NewMeeting(v))];
            frame.Versions = heads;
            _now = [.. heads];
        }
        else if (opcode == Opcode.If)
        {
            frame.AtElse = [.. _now];
        }
    }

    private void Close()
    {
        Frame frame = _frames[^1];
        _frames.RemoveAt(_frames.Count - 1);
        if (frame.Opcode == Opcode.Loop)
        {
            return;
        }

        Meet(frame);
        if (frame.AtElse is { } untaken)
        {
            _now = untaken;
            Meet(frame);
        }

        _now = frame.Versions;
    }

    private void Meet(Frame frame)
    {
        if (_now is null)
        {
            return;
        }

        _steps -= _now.Length + 1;
        if (frame.Versions is null)
        {
            frame.Versions = [.. _now];
            return;
        }

        for (int slot = 0; slot < _now.Length; slot++)
        {
            LocalVersion there = frame.Versions[slot];
            if (ReferenceEquals(there, _now[slot]))
            {
                continue;
            }

            if (!frame.Own.Contains(there) && frame.Opcode != Opcode.Loop)
            {
                there = NewMeeting(there);
                frame.Own.Add(there);
                frame.Versions[slot] = there;
            }

            // The head of a loop gets sources after it was read: they are read as well.
            there.Sources!.Add(_now[slot]);
            if (there.IsRead)
            {
                MarkRead(_now[slot]);
            }
        }
    }

    private LocalVersion NewMeeting(LocalVersion source)
    {
        LocalVersion meeting = new() { Sources = [source] };
        _meetings.Add(meeting);
        return meeting;
    }

    private sealed class Frame
    {
        public required Opcode Opcode { get; init; }

        /// <summary>What each local has at the label: at the head of a loop, at the end of another block.</summary>
        public LocalVersion[]? Versions { get; set; }

        /// <summary>What each local has where an if is not taken.</summary>
        public LocalVersion[]? AtElse { get; set; }

        /// <summary>The versions that were made for this label.</summary>
        public HashSet<LocalVersion> Own { get; } = [];
    }
}
