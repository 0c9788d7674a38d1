using Ptorrent.Link.Frames;

namespace Ptorrent.Link.Sessions;

/// <summary>
/// The jobs whose description is known on a link: those granted last. Both ends see the same grants in the same order,
/// so both forget the same job at the same grant without a word.
/// </summary>
internal sealed class DescribedJobs
{
    private readonly Dictionary<ulong, LinkedListNode<DescribedJob>> _byId = [];
    private readonly LinkedList<DescribedJob> _byGrant = [];

    public DescribedJob? Find(ulong job) =>
        _byId.TryGetValue(job, out LinkedListNode<DescribedJob>? node) ? node.Value : null;

    /// <summary>Notes a grant: the job is now the one granted last.</summary>
    /// <returns>Null where the job is not known and the grant does not describe it.</returns>
    public DescribedJob? Touch(ulong job, JobDescription? description)
    {
        if (_byId.TryGetValue(job, out LinkedListNode<DescribedJob>? node))
        {
            _byGrant.Remove(node);
            _byGrant.AddLast(node);
            return node.Value;
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

        DescribedJob described = new(job, description);
        _byId.Add(job, _byGrant.AddLast(described));
        return described;
    }

    internal sealed class DescribedJob(ulong job, JobDescription description)
    {
        public ulong Job { get; } = job;

        public JobDescription Description { get; } = description;

        /// <summary>The child said that the program failed: nothing of it is granted here any more.</summary>
        public bool HasFailed { get; set; }
    }
}
