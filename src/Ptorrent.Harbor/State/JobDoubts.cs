using Ptorrent.Model.Identity;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.State;

/// <summary>
/// Who is not believed: an agent that alone says that a program fails, until another one says so too, and an agent that
/// sent what is no segment. A part of <see cref="HarborState"/>.
/// </summary>
internal sealed class JobDoubts(HarborBooks books)
{
    private readonly List<JobRecord> _doubtful = [];
    private readonly Dictionary<AgentId, List<JobRecord>> _distrusted = [];

    /// <summary>An agent said that a job's program fails; it has given back its lease and gets no more of the
    /// job.</summary>
    /// <returns>The failure that the job fails with; null while it takes another word.</returns>
    public ProgramFailure? Hear(AgentRecord agent, JobRecord job, ProgramFailure failure)
    {
        ProgramFailure? confirmed = job.Failures.Add(agent.Id, failure, IsAlone(agent, job));
        if (confirmed is null && !_doubtful.Contains(job))
        {
            _doubtful.Add(job);
        }

        return confirmed;
    }

    /// <summary>
    /// Agents came, went or paused: where nobody but the one who said that the program fails can take the job, that one
    /// tries again.
    /// </summary>
    public void Reconsider()
    {
        for (int i = _doubtful.Count - 1; i >= 0; i--)
        {
            JobRecord job = _doubtful[i];
            if (job.Failures.IsEmpty || job.IsEnding)
            {
                _doubtful.RemoveAt(i);
            }
            else if (books.AgentsById.TryGetValue(job.Failures.First, out AgentRecord? agent)
                && job.Failures.IsOnlyOf(agent.Id)
                && !IsDistrusted(agent, job)
                && IsAlone(agent, job))
            {
                books.Leasing.Readmit(books.Now, agent.Child, job.Work, books.LeasingEffects);
            }
        }
    }

    /// <summary>An agent sent what is no segment: it gets no more of the job, on this link or another.</summary>
    public void Distrust(AgentRecord agent, JobRecord job)
    {
        job.Distrusted ??= [];
        if (job.Distrusted.Add(agent.Id))
        {
            if (!_distrusted.TryGetValue(agent.Id, out List<JobRecord>? jobs))
            {
                _distrusted.Add(agent.Id, jobs = []);
            }

            jobs.Add(job);
        }

        books.Leasing.Exclude(agent.Child, job.Work);
    }

    /// <summary>An agent came: it is excluded from the jobs in which it is not trusted.</summary>
    public void Welcome(AgentRecord agent)
    {
        foreach (JobRecord job in _distrusted.GetValueOrDefault(agent.Id) ?? [])
        {
            books.Leasing.Exclude(agent.Child, job.Work);
        }
    }

    /// <summary>A job has another work now, from which nobody is excluded yet.</summary>
    public void WorkAdded(JobRecord job)
    {
        foreach (AgentId id in job.Distrusted ?? [])
        {
            if (books.AgentsById.TryGetValue(id, out AgentRecord? agent))
            {
                books.Leasing.Exclude(agent.Child, job.Work);
            }
        }
    }

    /// <summary>A job is over.</summary>
    public void Forget(JobRecord job)
    {
        _doubtful.Remove(job);
        foreach (AgentId id in job.Distrusted ?? [])
        {
            List<JobRecord> jobs = _distrusted[id];
            jobs.Remove(job);
            if (jobs.Count == 0)
            {
                _distrusted.Remove(id);
            }
        }
    }

    private static bool IsDistrusted(AgentRecord agent, JobRecord job) => job.Distrusted?.Contains(agent.Id) == true;

    /// <summary>Whether no other agent takes work and may have this job's.</summary>
    private bool IsAlone(AgentRecord agent, JobRecord job)
    {
        foreach (AgentRecord other in books.Agents.Values)
        {
            if (other != agent && other.Window > Fuel.Zero && !books.Leasing.IsExcluded(other.Child, job.Work))
            {
                return false;
            }
        }

        return true;
    }
}
