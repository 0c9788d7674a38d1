using Ptorrent.Model.Units;

namespace Ptorrent.Model.Programs;

/// <summary>A program's run that ended badly.</summary>
/// <param name="Index">The index (or the first index of the range) that it was working on.</param>
/// <param name="Code">How it ended.</param>
/// <param name="Message">The program's own words where it has any, such as the script's message and line or the tail of
/// standard error; bounded to 4,096 characters.</param>
/// <param name="Burnt">Fuel burnt by the failing run.</param>
public sealed record ProgramFailure(long Index, TrapCode Code, string Message, Fuel Burnt)
{
    /// <summary>Characters kept of a program's own words.</summary>
    public const int MessageCharactersMax = 4096;
}
