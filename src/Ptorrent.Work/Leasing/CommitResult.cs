using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>What became of a commit.</summary>
/// <param name="Status">Whether it counts.</param>
/// <param name="Work">Whose indices they are; only if it counts.</param>
/// <param name="Range">The indices that are done by it; only if it counts.</param>
public readonly record struct CommitResult(CommitStatus Status, WorkId Work, IndexRange Range)
{
    internal static CommitResult Refused(CommitStatus status) => new(status, default, default);
}
