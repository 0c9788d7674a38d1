using Ptorrent.Model.Identity;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.State;

/// <summary>
/// Who said that a job's program fails. One agent's word is not enough: it takes a second one's, or, where no other
/// agent can take the job, the same one's after a second try. A word is void once somebody committed the index.
/// </summary>
internal sealed class FailureReports
{
    private readonly List<(AgentId Agent, ProgramFailure Failure)> _reports = [];

    /// <summary>Whether somebody's word stands.</summary>
    public bool IsEmpty => _reports.Count == 0;

    /// <summary>Whether only this agent's word stands.</summary>
    public bool IsOnlyOf(AgentId agent) => _reports.Count == 1 && _reports[0].Agent == agent;

    /// <summary>The only agent whose word stands; not empty.</summary>
    public AgentId First => _reports[0].Agent;

    /// <summary>Takes an agent's word.</summary>
    /// <param name="agent">Who says it.</param>
    /// <param name="failure">How the program failed.</param>
    /// <param name="isAlone">Whether nobody else can take the job.</param>
    /// <returns>The failure that the job fails with, of the lowest index; null while it takes another word.</returns>
    public ProgramFailure? Add(AgentId agent, ProgramFailure failure, bool isAlone)
    {
        bool isRepeated = _reports.Exists(r => r.Agent == agent);
        if (!isRepeated)
        {
            _reports.Add((agent, failure));
        }

        if (_reports.Count < 2 && !(isRepeated && isAlone))
        {
            return null;
        }

        ProgramFailure first = failure;
        foreach ((AgentId _, ProgramFailure other) in _reports)
        {
            first = other.Index < first.Index ? other : first;
        }

        return first;
    }

    /// <summary>Somebody committed these indices: the program does not fail there.</summary>
    public void Refute(IndexRange done) => _reports.RemoveAll(r => done.Contains(r.Failure.Index));
}
