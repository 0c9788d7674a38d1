using System.Diagnostics;
using Ptorrent.Link.Frames;
using Ptorrent.Model;

namespace Ptorrent.Link.Sessions;

/// <summary>
/// The rules of one link, kept at one of its ends: the handshake, who may send what and when, and that only what was
/// granted is committed. Pure: it neither sends nor waits. Every frame passes here before it is sent and after it has
/// come, in the order in which it is sent or came. Not for several threads.
/// </summary>
public sealed class LinkSession
{
    private readonly LinkSide _side;
    private readonly Dictionary<long, LeaseRecord> _leases = [];
    private readonly DescribedJobs _jobs = new();
    private Hello? _hello;
    private Welcome? _welcome;

    /// <summary>Starts before the handshake, at this end.</summary>
    public LinkSession(LinkSide side) => _side = side;

    /// <summary>What the child said of itself; null before that.</summary>
    public Hello? Hello => _hello;

    /// <summary>What the parent said of itself; null before that.</summary>
    public Welcome? Welcome => _welcome;

    /// <summary>Whether the handshake is over.</summary>
    public bool IsOpen => _welcome is not null;

    /// <summary>Leases that were granted and are not over.</summary>
    public int LeaseCount => _leases.Count;

    /// <summary>The description of a job that is known on this link; null where a grant of it must carry it.</summary>
    public JobDescription? DescriptionOf(ulong job) => _jobs.Find(job)?.Description;

    /// <summary>Checks and books a frame that this end is about to send.</summary>
    /// <returns><see cref="FrameVerdict.Late"/>: it must not be sent, nothing was booked.</returns>
    /// <exception cref="InvariantException">This end may not send it: a bug here.</exception>
    public FrameVerdict Send(Frame frame)
    {
        try
        {
            return Book(frame, _side);
        }
        catch (LinkProtocolException exception)
        {
            throw new InvariantException(exception.Message);
        }
    }

    /// <summary>Checks and books a frame that came from the other end.</summary>
    /// <returns><see cref="FrameVerdict.Late"/>: it is to be passed over, nothing was booked.</returns>
    /// <exception cref="LinkProtocolException">The other end may not send it. The link is to be closed.</exception>
    public FrameVerdict Receive(Frame frame) => Book(frame, _side == LinkSide.Child ? LinkSide.Parent : LinkSide.Child);

    private FrameVerdict Book(Frame frame, LinkSide from)
    {
        LinkSide sender = frame.BodyCase switch
        {
            Frame.BodyOneofCase.Hello
                or Frame.BodyOneofCase.Window
                or Frame.BodyOneofCase.Commit
                or Frame.BodyOneofCase.Keep
                or Frame.BodyOneofCase.Nack => LinkSide.Child,
            Frame.BodyOneofCase.Welcome
                or Frame.BodyOneofCase.Grant
                or Frame.BodyOneofCase.Revoke
                or Frame.BodyOneofCase.Cancel => LinkSide.Parent,
            _ => throw new LinkProtocolException("The frame is empty."),
        };
        Require(sender == from, frame, $"a {from} does not send it");

        bool isGreeting = frame.BodyCase is Frame.BodyOneofCase.Hello or Frame.BodyOneofCase.Welcome;
        Require(isGreeting || IsOpen, frame, "it came before the handshake");
        return frame.BodyCase switch
        {
            Frame.BodyOneofCase.Hello => BookHello(frame),
            Frame.BodyOneofCase.Welcome => BookWelcome(frame),
            Frame.BodyOneofCase.Window => FrameVerdict.Accepted,
            Frame.BodyOneofCase.Grant => BookGrant(frame, frame.Grant),
            Frame.BodyOneofCase.Commit => BookCommit(frame, frame.Commit),
            Frame.BodyOneofCase.Revoke => BookRevoke(frame, frame.Revoke),
            Frame.BodyOneofCase.Keep => BookKeep(frame, frame.Keep),
            Frame.BodyOneofCase.Cancel => BookCancel(frame.Cancel),
            Frame.BodyOneofCase.Nack => BookNack(frame, frame.Nack),
            _ => throw new UnreachableException(),
        };
    }

    private FrameVerdict BookHello(Frame frame)
    {
        Require(_hello is null, frame, "there was one already");
        RequireVersion(frame, frame.Hello.Version);
        _hello = frame.Hello;
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookWelcome(Frame frame)
    {
        Require(_hello is not null && _welcome is null, frame, "it answers no greeting");
        RequireVersion(frame, frame.Welcome.Version);
        _welcome = frame.Welcome;
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookGrant(Frame frame, Grant grant)
    {
        Require(!_leases.ContainsKey(grant.Lease), frame, "the lease is held already");
        Require(_leases.Count < LinkLimits.LeaseCountMax, frame, "there are too many leases");
        if (_side == LinkSide.Parent && _jobs.Find(grant.Job) is { HasFailed: true })
        {
            return FrameVerdict.Late;
        }

        DescribedJobs.DescribedJob? job = _jobs.Touch(grant.Job, grant.Description);
        Require(job is not null, frame, "the job is not described");
        if (job.HasFailed)
        {
            // It crossed the nack; the parent drops it with the job's other leases when that arrives.
            return FrameVerdict.Late;
        }

        _leases.Add(
            grant.Lease,
            new LeaseRecord(grant.Job, grant.Epoch, grant.Begin, grant.End, isMerge: grant.Parts.Count > 0));
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookCommit(Frame frame, Commit commit)
    {
        if (!_leases.TryGetValue(commit.Lease, out LeaseRecord? lease))
        {
            return FrameVerdict.Late;
        }

        Require(commit.Epoch == lease.Epoch, frame, "the lease has another epoch");
        Require(
            commit.Upto > lease.CommittedUpTo && commit.Upto <= lease.End,
            frame,
            $"{commit.Upto} is not after {lease.CommittedUpTo} and up to {lease.End}");
        Require(!lease.IsMerge || commit.Upto == lease.End, frame, "a merge is committed whole");
        lease.CommittedUpTo = commit.Upto;
        RemoveIfDone(commit.Lease, lease);
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookRevoke(Frame frame, Revoke revoke)
    {
        if (!_leases.TryGetValue(revoke.Lease, out LeaseRecord? lease))
        {
            return FrameVerdict.Late;
        }

        Require(lease.RevokedFrom is null, frame, "the last one is not answered");
        Require(revoke.From < lease.End, frame, "it is not inside the lease");
        lease.RevokedFrom = revoke.From;
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookKeep(Frame frame, Keep keep)
    {
        if (!_leases.TryGetValue(keep.Lease, out LeaseRecord? lease))
        {
            return FrameVerdict.Late;
        }

        Require(lease.RevokedFrom is { } from && keep.From >= from, frame, "it answers no revoke, or keeps too little");
        Require(
            keep.From >= lease.CommittedUpTo && keep.From <= lease.End,
            frame,
            $"{keep.From} is not from {lease.CommittedUpTo} to {lease.End}");
        lease.RevokedFrom = null;
        lease.End = keep.From;
        RemoveIfDone(keep.Lease, lease);
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookCancel(Cancel cancel) =>
        _leases.Remove(cancel.Lease) ? FrameVerdict.Accepted : FrameVerdict.Late;

    private FrameVerdict BookNack(Frame frame, Nack nack)
    {
        if (!_leases.TryGetValue(nack.Lease, out LeaseRecord? lease))
        {
            return FrameVerdict.Late;
        }

        Require(nack.Epoch == lease.Epoch, frame, "the lease has another epoch");
        if (nack.Failure is not { } failure)
        {
            _leases.Remove(nack.Lease);
            return FrameVerdict.Accepted;
        }

        Require(failure.Index >= lease.Begin && failure.Index < lease.End, frame, "the index is not in the lease");
        foreach ((long id, _) in _leases.Where(l => l.Value.Job == lease.Job).ToArray())
        {
            _leases.Remove(id);
        }

        if (_jobs.Find(lease.Job) is { } job)
        {
            job.HasFailed = true;
        }

        return FrameVerdict.Accepted;
    }

    private void RemoveIfDone(long id, LeaseRecord lease)
    {
        if (lease.CommittedUpTo == lease.End)
        {
            _leases.Remove(id);
        }
    }

    private static void RequireVersion(Frame frame, uint version) =>
        Require(
            version == LinkLimits.Version,
            frame,
            $"the other end speaks version {version} of the link, this one {LinkLimits.Version}: update the older one");

    private static void Require(
        [System.Diagnostics.CodeAnalysis.DoesNotReturnIf(false)] bool condition,
        Frame frame,
        string rule)
    {
        if (!condition)
        {
            throw new LinkProtocolException($"{frame.BodyCase}: {rule}.");
        }
    }
}
