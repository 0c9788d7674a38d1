namespace Ptorrent.Model.Programs;

/// <summary>How a run of a program ended badly. Numbers travel and are stored; they only grow.</summary>
public enum TrapCode
{
    /// <summary>A code that this version does not know.</summary>
    Unknown = 0,

    /// <summary>The fuel limit was reached; an endless loop ends like this.</summary>
    FuelExhausted = 1,

    /// <summary>Calls were nested deeper than the sandbox allows.</summary>
    StackExhausted = 2,

    /// <summary>The memory limit of the process was reached.</summary>
    MemoryExhausted = 3,

    /// <summary>The output limit was reached.</summary>
    OutputExhausted = 4,

    /// <summary>The time limit was reached and the process was killed.</summary>
    TimeExhausted = 5,

    /// <summary>The module executed an <c>unreachable</c> instruction: most languages' "abort" or "panic".</summary>
    Unreachable = 6,

    /// <summary>An access outside memory or a table.</summary>
    OutOfBounds = 7,

    /// <summary>A division by zero, an overflow in division, or a conversion that has no result.</summary>
    Arithmetic = 8,

    /// <summary>An indirect call to nothing or to a function of another type.</summary>
    BadIndirectCall = 9,

    /// <summary>The program ended with an exit code other than zero.</summary>
    ExitCode = 10,

    /// <summary>The script threw, or returned what cannot be a result.</summary>
    ScriptError = 11,

    /// <summary>The module could not be instantiated, or the script could not be loaded.</summary>
    LoadFailed = 12,

    /// <summary>The process ended by itself or spoke nonsense; what it ran last is blamed.</summary>
    ProcessCrashed = 13,

    /// <summary>The output does not fit the way in which it is to be combined.</summary>
    BadOutput = 14,
}
