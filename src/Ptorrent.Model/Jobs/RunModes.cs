using System.Collections.Immutable;
using Ptorrent.Model.Programs;

namespace Ptorrent.Model.Jobs;

/// <summary>Tells a job's <see cref="RunMode"/>.</summary>
public static class RunModes
{
    /// <summary>
    /// A kernel over a range takes ranges by its nature; any other program does when its arguments say <c>{begin}</c>
    /// or <c>{end}</c>. All else, files among it, is one index at a time.
    /// </summary>
    public static RunMode Of(ProgramKind kind, bool overRange, ImmutableArray<string> arguments)
    {
        if (!overRange)
        {
            return RunMode.Item;
        }

        bool namesRange = !arguments.IsDefault
            && arguments.Any(a => Placeholder.Uses(a, Placeholder.Begin) || Placeholder.Uses(a, Placeholder.End));
        return kind == ProgramKind.Kernel || namesRange ? RunMode.Range : RunMode.Item;
    }
}
