using Ptorrent.Link.Frames;

namespace Ptorrent.Link.Sessions;

/// <summary>
/// The jobs whose description is known on a link: those granted last. Both ends see the same grants in the same order,
/// so both forget the same job at the same grant without a word.
/// </summary>
internal sealed class DescribedJobs
{
    private readonly Dictionary<ulong, LinkedListNode<(ulong Job, JobDescription Description)>> _byId = [];
    private readonly LinkedList<(ulong Job, JobDescription Description)> _byGrant = [];

    public JobDescription? Find(ulong job) => _byId.GetValueOrDefault(job)?.Value.Description;

    /// <summary>Notes a grant: the job is now the one granted last.</summary>
    /// <returns>Null where the job is not known and the grant does not describe it.</returns>
    public JobDescription? Touch(ulong job, JobDescription? description)
    {
        if (_byId.TryGetValue(job, out LinkedListNode<(ulong Job, JobDescription Description)>? node))
        {
            _byGrant.Remove(node);
            _byGrant.AddLast(node);
            return node.Value.Description;
        }

        if (description is null)
        {
            return null;
        }

        if (_byId.Count == LinkLimits.DescribedJobCountMax)
        {
            _byId.Remove(_byGrant.First!.Value.Job);
            _byGrant.RemoveFirst();
        }

        _byId.Add(job, _byGrant.AddLast((job, description)));
        return description;
    }
}
