using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>
/// The course of agents: they come with what they held, open their windows, hear what is durable, and go. A part of
/// <see cref="HarborState"/>.
/// </summary>
internal sealed class AgentCourse(HarborBooks books, JobDoubts doubts)
{
    /// <summary>How much a learned speed changes before it is stored again.</summary>
    private const double RateStep = 0.1;

    private readonly Dictionary<AgentId, double> _rates = [];
    private readonly List<AgentRecord> _due = [];

    /// <summary>The speed of one slot of an agent, in fuel a second, as an earlier life learned it.</summary>
    public void RestoreRate(AgentId agent, double slotRate) => _rates[agent] = slotRate;

    /// <summary>An agent said hello.</summary>
    public void Join(DateTimeOffset now, HarborEvent.AgentJoined joined)
    {
        if (books.AgentsById.TryGetValue(joined.Agent, out AgentRecord? older))
        {
            // What it held goes to nobody before it has named it again.
            books.Effects.Add(new HarborEffect.CloseLink(older.Child, "The same agent has made another link."));
            Remove(older, handsOut: false);
        }

        AgentRecord agent = new(joined.Child, joined.Agent, joined.Name, joined.SlotCount, now);
        books.Agents.Add(joined.Child, agent);
        books.AgentsById.Add(joined.Agent, agent);
        ComputeRate rate = _rates.TryGetValue(joined.Agent, out double learned)
            ? new ComputeRate(learned)
            : joined.SlotRate;
        books.Leasing.AddChild(books.Now, joined.Child, joined.SlotCount, rate);
        doubts.Welcome(agent);
        foreach (Holding holding in joined.Holdings)
        {
            Resume(agent, holding);
        }

        if (older is not null)
        {
            books.Leasing.PassTime(books.Now, books.LeasingEffects);
        }

        books.Persist(new StorageRecord.AgentSeen(joined.Agent, joined.Name), null);
        books.MarkNetworkChanged();
    }

    /// <summary>An agent's link ended.</summary>
    public void Leave(ChildId child)
    {
        if (books.Agents.TryGetValue(child, out AgentRecord? agent))
        {
            Remove(agent, handsOut: true);
            books.MarkNetworkChanged();
            doubts.Reconsider();
        }
    }

    /// <summary>An agent sets its window.</summary>
    public void SetWindow(HarborEvent.WindowSet set)
    {
        if (!books.Agents.TryGetValue(set.Child, out AgentRecord? agent))
        {
            return;
        }

        bool opensOrCloses = (agent.Window > Fuel.Zero) != (set.Window > Fuel.Zero);
        agent.Window = set.Window;
        if (books.StalledBecause is null && books.ReturnsUntil is null)
        {
            books.Leasing.SetWindow(books.Now, set.Child, set.Window, books.LeasingEffects);
        }

        if (opensOrCloses)
        {
            books.MarkNetworkChanged();
            doubts.Reconsider();
        }
    }

    /// <summary>Nothing new is begun from now on.</summary>
    public void CloseWindows()
    {
        foreach (AgentRecord agent in books.Agents.Values)
        {
            books.Leasing.SetWindow(books.Now, agent.Child, Fuel.Zero, books.LeasingEffects);
        }
    }

    /// <summary>What agents said last of their windows holds again.</summary>
    public void OpenWindows()
    {
        foreach (AgentRecord agent in books.Agents.Values)
        {
            books.Leasing.SetWindow(books.Now, agent.Child, agent.Window, books.LeasingEffects);
        }
    }

    /// <summary>A commit counts: its agent is to hear when it is durable, and its speed is kept.</summary>
    public void Accepted(AgentRecord agent, LeaseId lease, long upto)
    {
        agent.Receipts.Accept(lease, upto);
        double rate = books.Leasing.RateOf(agent.Child) / agent.SlotCount;
        double known = _rates.GetValueOrDefault(agent.Id);
        if (Math.Abs(rate - known) > RateStep * known)
        {
            _rates[agent.Id] = rate;
            books.Persist(new StorageRecord.RateLearned(agent.Id, rate), null);
        }
    }

    /// <summary>A segment is durable.</summary>
    public void Stored(CommitSource commit, int inlineBytes)
    {
        if (books.Agents.TryGetValue(commit.Child, out AgentRecord? agent)
            && agent.Receipts.Store(commit.Lease, commit.Upto, inlineBytes)
            && (agent.Receipts.HasMuch || IsWhole(agent, commit.Lease)))
        {
            MarkDue(agent);
        }
    }

    /// <summary>An agent has said all of a lease: what is durable of it may be all that there is to hear.</summary>
    public void LeaseEnded(AgentRecord agent, LeaseId lease)
    {
        if (IsWhole(agent, lease))
        {
            MarkDue(agent);
        }
    }

    /// <summary>Tells those who are to be told now.</summary>
    public void SendReceipts()
    {
        foreach (AgentRecord agent in _due)
        {
            agent.IsReceiptDue = false;
            foreach (Receipt receipt in agent.Receipts.Take())
            {
                books.Effects.Add(new HarborEffect.Receipt(agent.Child, receipt));
            }
        }

        _due.Clear();
    }

    private bool IsWhole(AgentRecord agent, LeaseId lease) =>
        agent.Receipts.IsStored(lease) && !books.Leasing.TryGetWork(agent.Child, lease, out _);

    private void MarkDue(AgentRecord agent)
    {
        if (!agent.IsReceiptDue)
        {
            agent.IsReceiptDue = true;
            _due.Add(agent);
        }
    }

    private void Remove(AgentRecord agent, bool handsOut)
    {
        books.Agents.Remove(agent.Child);
        books.AgentsById.Remove(agent.Id);
        books.Leasing.RemoveChild(books.Now, agent.Child, books.LeasingEffects, handsOut);
    }

    /// <summary>Gives an agent what the harbor still wants of a lease that it held, or cancels it.</summary>
    private void Resume(AgentRecord agent, Holding holding)
    {
        if (books.Jobs.TryGetValue(new JobId(holding.Job), out JobRecord? job)
            && job is { IsEnding: false, Merge: null }
            && Adopt(agent, job, holding) is { } lease)
        {
            Grant grant = GrantFrames.Map(lease, job.Request);
            grant.Resumes = holding.Lease;
            books.Effects.Add(new HarborEffect.Grant(agent.Child, grant, job.Admitted.Description));
            job.HasRun = true;
            books.MarkDirty(job);
        }
        else
        {
            books.Effects.Add(new HarborEffect.DropHolding(agent.Child, holding.Lease));
        }
    }

    private LeasingEffect? Adopt(AgentRecord agent, JobRecord job, Holding holding)
    {
        IndexRange all = job.Request.Range;
        long begin = Math.Max(holding.Begin, all.Begin);
        long end = Math.Min(holding.End, all.End);
        if (begin >= end)
        {
            return null;
        }

        // It may not be believed, and what is granted must fit into a frame.
        end = Math.Min(end - begin, GrantFrames.LeaseIndexCountMax(job.Request)) + begin;
        return books.Leasing.Adopt(
            books.Now, agent.Child, job.Work, new IndexRange(begin, end), books.LeasingEffects) is { } adopted
                ? new LeasingEffect(
                    LeasingEffectKind.Grant,
                    job.Work,
                    agent.Child,
                    adopted.Lease,
                    books.Leasing.Epoch,
                    adopted.Range,
                    adopted.Estimate)
                : null;
    }
}
