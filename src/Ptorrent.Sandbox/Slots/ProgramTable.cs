namespace Ptorrent.Sandbox.Slots;

/// <summary>The programs in one process, the one used last at the end.</summary>
internal sealed class ProgramTable
{
    private readonly LinkedList<LoadedProgram> _programs = new();
    private uint _lastNumber;
    private long _memoryBytes;

    /// <summary>The script that the process belongs to; null while it belongs to none.</summary>
    internal SandboxProgram? BoundTo { get; private set; }

    /// <summary>Whether nothing was ever loaded.</summary>
    internal bool IsFresh => _lastNumber == 0;

    /// <summary>The program if it is loaded; it counts as used.</summary>
    internal LoadedProgram? Use(SandboxProgram program)
    {
        for (LinkedListNode<LoadedProgram>? node = _programs.Last; node is not null; node = node.Previous)
        {
            if (ReferenceEquals(node.Value.Program, program))
            {
                if (node.Next is not null)
                {
                    _programs.Remove(node);
                    _programs.AddLast(node);
                }

                return node.Value;
            }
        }

        return null;
    }

    /// <summary>Makes room for <paramref name="program"/>: the next program to be unloaded, taken out; null when there
    /// is room.</summary>
    internal LoadedProgram? TakeSurplus(SandboxProgram program, int countMax, long memoryBytesMax)
    {
        bool hasRoom = _programs.Count < countMax && _memoryBytes + program.MemoryBytes <= memoryBytesMax;
        if (hasRoom || _programs.First is not { } oldest)
        {
            return null;
        }

        Remove(oldest.Value);
        return oldest.Value;
    }

    /// <summary>Adds it under a number that was not used before.</summary>
    internal LoadedProgram Add(SandboxProgram program)
    {
        LoadedProgram loaded = new(++_lastNumber, program, program.Form);
        _programs.AddLast(loaded);
        _memoryBytes += loaded.MemoryBytes;
        BoundTo = program.IsScript ? program : BoundTo;
        return loaded;
    }

    /// <summary>Forgets it.</summary>
    internal void Remove(LoadedProgram loaded)
    {
        if (_programs.Remove(loaded))
        {
            _memoryBytes -= loaded.MemoryBytes;
        }
    }
}
