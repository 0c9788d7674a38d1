using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Ptorrent.Link.Frames;
using Ptorrent.Model;

namespace Ptorrent.Link.Sessions;

/// <summary>
/// The rules of one link, kept at one of its ends: the handshake, who may send what and when, that only what was
/// granted is committed, and what becomes of leases of an earlier link. Pure: it neither sends nor waits. Every frame
/// passes here before it is sent and after it has come, in the order in which it is sent or came. Not for several
/// threads.
/// </summary>
public sealed class LinkSession
{
    private readonly LinkSide _side;
    private readonly Dictionary<long, LeaseRecord> _leases = [];
    private readonly Dictionary<long, Holding> _holdings = [];
    private readonly CancelledLeases _cancelled = new();
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

    /// <summary>Leases that were granted and are not done.</summary>
    public int LeaseCount { get; private set; }

    /// <summary>Whether the parent has cancelled a lease lately. A holding's number is none.</summary>
    public bool IsCancelled(long lease) => _cancelled.Contains(lease);

    /// <summary>Leases of which something is committed or left, and that something has no receipt.</summary>
    public int LeaseCountWithoutReceipt => _leases.Count;

    /// <summary>Leases of the earlier link that the parent has not answered.</summary>
    public int HoldingCount => _holdings.Count;

    /// <summary>The description of a job that is known on this link; null where a grant of it must carry it.</summary>
    public JobDescription? DescriptionOf(ulong job) => _jobs.Find(job);

    /// <summary>The description of a lease's job; null for a lease that is over or was never granted.</summary>
    public JobDescription? DescriptionOfLease(long lease) => _leases.GetValueOrDefault(lease)?.Description;

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
                or Frame.BodyOneofCase.Receipt
                or Frame.BodyOneofCase.Revoke
                or Frame.BodyOneofCase.Cancel => LinkSide.Parent,
            _ => throw new LinkProtocolException(LinkFault.NotAFrame, "The frame is empty."),
        };
        Require(
            sender == from,
            LinkFault.WrongSide,
            frame,
            from == LinkSide.Child ? "a child does not send it" : "a parent does not send it");
        bool isGreeting = frame.BodyCase is Frame.BodyOneofCase.Hello or Frame.BodyOneofCase.Welcome;
        Require(isGreeting || IsOpen, LinkFault.HandshakeOrder, frame, "it came before the handshake");
        return frame.BodyCase switch
        {
            Frame.BodyOneofCase.Hello => BookHello(frame),
            Frame.BodyOneofCase.Welcome => BookWelcome(frame),
            Frame.BodyOneofCase.Window => FrameVerdict.Accepted,
            Frame.BodyOneofCase.Grant => BookGrant(frame, frame.Grant),
            Frame.BodyOneofCase.Commit => BookCommit(frame, frame.Commit),
            Frame.BodyOneofCase.Receipt => BookReceipt(frame, frame.Receipt),
            Frame.BodyOneofCase.Revoke => BookRevoke(frame, frame.Revoke),
            Frame.BodyOneofCase.Keep => BookKeep(frame, frame.Keep),
            Frame.BodyOneofCase.Cancel => BookCancel(frame, frame.Cancel),
            Frame.BodyOneofCase.Nack => BookNack(frame, frame.Nack),
            _ => throw new UnreachableException(),
        };
    }

    private FrameVerdict BookHello(Frame frame)
    {
        Require(_hello is null, LinkFault.HandshakeOrder, frame, "there was one already");
        RequireVersion(frame, frame.Hello.Version);
        _hello = frame.Hello;
        foreach (Holding holding in _hello.Holdings)
        {
            _holdings.Add(holding.Lease, holding);
        }

        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookWelcome(Frame frame)
    {
        Require(
            _hello is not null && _welcome is null, LinkFault.HandshakeOrder, frame, "it answers no greeting");
        RequireVersion(frame, frame.Welcome.Version);
        _welcome = frame.Welcome;
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookGrant(Frame frame, Grant grant)
    {
        Require(!_leases.ContainsKey(grant.Lease), LinkFault.LeaseHeldAlready, frame, "the lease is held already");
        Require(LeaseCount < LinkLimits.LeaseCountMax, LinkFault.TooManyLeases, frame, "there are too many leases");
        if (grant.Resumes == 0)
        {
            Require(
                _holdings.Count == 0,
                LinkFault.HoldingMisplaced,
                frame,
                "what the child holds is to be answered first");
        }
        else
        {
            Require(
                _holdings.TryGetValue(grant.Resumes, out Holding? holding)
                    && holding.Job == grant.Job
                    && holding.Begin <= grant.Begin
                    && holding.End >= grant.End,
                LinkFault.HoldingMisplaced,
                frame,
                "what it resumes is not held, or is less than it grants");
        }

        JobDescription? description = _jobs.Touch(grant.Job, grant.Description);
        Require(description is not null, LinkFault.JobNotDescribed, frame, "the job is not described");
        _holdings.Remove(grant.Resumes);
        _leases.Add(grant.Lease, new LeaseRecord(grant, description));
        LeaseCount++;
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookCommit(Frame frame, Commit commit)
    {
        if (!IsChildsToSpeakOf(frame, commit.Lease, out LeaseRecord? lease))
        {
            return FrameVerdict.Late;
        }

        Require(commit.Epoch == lease.Epoch, LinkFault.OtherEpoch, frame, "the lease has another epoch");
        RequirePrefix(frame, commit.Upto, lease.CommittedUpTo, lease.End);
        Require(
            !lease.IsMerge || commit.Upto == lease.End,
            LinkFault.MergeInPieces,
            frame,
            "a merge is committed whole");
        lease.CommittedUpTo = commit.Upto;
        LeaseCount -= lease.IsDone ? 1 : 0;
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookReceipt(Frame frame, Receipt receipt)
    {
        FrameVerdict verdict = FrameVerdict.Late;
        foreach (LeasePrefix prefix in receipt.Prefixes)
        {
            if (!_leases.TryGetValue(prefix.Lease, out LeaseRecord? lease))
            {
                continue;
            }

            RequirePrefix(frame, prefix.Upto, lease.ReceiptedUpTo, lease.CommittedUpTo);
            lease.ReceiptedUpTo = prefix.Upto;
            RemoveIfOver(prefix.Lease, lease);
            verdict = FrameVerdict.Accepted;
        }

        return verdict;
    }

    private FrameVerdict BookRevoke(Frame frame, Revoke revoke)
    {
        if (!_leases.TryGetValue(revoke.Lease, out LeaseRecord? lease) || lease.IsDone)
        {
            return FrameVerdict.Late;
        }

        Require(!lease.IsMerge, LinkFault.MergeInPieces, frame, "a merge is not cut");
        Require(lease.RevokedFrom is null, LinkFault.RevokeMisplaced, frame, "the last one is not answered");
        Require(revoke.From < lease.End, LinkFault.RevokeMisplaced, frame, "it is not inside the lease");
        lease.RevokedFrom = revoke.From;
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookKeep(Frame frame, Keep keep)
    {
        if (!IsChildsToSpeakOf(frame, keep.Lease, out LeaseRecord? lease))
        {
            return FrameVerdict.Late;
        }

        Require(
            lease.RevokedFrom is { } from && keep.From >= from,
            LinkFault.KeepMisplaced,
            frame,
            "it answers no revoke, or keeps too little");
        Require(
            keep.From >= lease.CommittedUpTo && keep.From <= lease.End,
            LinkFault.KeepMisplaced,
            frame,
            "it keeps less than is committed, or more than was held");
        lease.RevokedFrom = null;
        EndAt(keep.Lease, lease, keep.From);
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookCancel(Frame frame, Cancel cancel)
    {
        if (_holdings.Count > 0)
        {
            // A number of a holding may be the id of a lease, so holdings are answered before anything else.
            Require(
                _holdings.Remove(cancel.Lease),
                LinkFault.HoldingMisplaced,
                frame,
                "what the child holds is to be answered first");
            return FrameVerdict.Accepted;
        }

        if (!_leases.Remove(cancel.Lease, out LeaseRecord? lease))
        {
            return FrameVerdict.Late;
        }

        LeaseCount -= lease.IsDone ? 0 : 1;
        _cancelled.Add(cancel.Lease, _hello!.Slots); // The link is open.
        return FrameVerdict.Accepted;
    }

    private FrameVerdict BookNack(Frame frame, Nack nack)
    {
        if (!IsChildsToSpeakOf(frame, nack.Lease, out LeaseRecord? lease))
        {
            return FrameVerdict.Late;
        }

        Require(nack.Epoch == lease.Epoch, LinkFault.OtherEpoch, frame, "the lease has another epoch");
        Require(
            nack.Failure is not { } failure || (failure.Index >= lease.Begin && failure.Index < lease.End),
            LinkFault.FailureOutsideLease,
            frame,
            "the index is not in the lease");
        EndAt(nack.Lease, lease, lease.CommittedUpTo);
        return FrameVerdict.Accepted;
    }

    /// <summary>
    /// Finds a lease of which the child has not said all. One that is not there is late if the parent cancelled it; a
    /// child that speaks of any other breaks the protocol, and one that is about to do so must not.
    /// </summary>
    private bool IsChildsToSpeakOf(Frame frame, long id, [NotNullWhen(true)] out LeaseRecord? lease)
    {
        bool isHeld = _leases.TryGetValue(id, out lease) && !lease.IsDone;
        Require(
            isHeld || _side == LinkSide.Child || _cancelled.Contains(id),
            LinkFault.LeaseNotHeld,
            frame,
            "the lease is not held");
        return isHeld;
    }

    /// <summary>The child says no more of a lease than it has committed below <paramref name="end"/>.</summary>
    private void EndAt(long id, LeaseRecord lease, long end)
    {
        lease.End = end;
        LeaseCount -= lease.IsDone ? 1 : 0;
        RemoveIfOver(id, lease);
    }

    private void RemoveIfOver(long id, LeaseRecord lease)
    {
        if (lease.IsOver)
        {
            _leases.Remove(id);
        }
    }

    private static void RequireVersion(Frame frame, uint version) =>
        Require(
            version == LinkLimits.Version,
            LinkFault.OtherVersion,
            frame,
            $"the other end speaks version {version} of the link, this one {LinkLimits.Version}: update the older one");

    // The words are put together only where the rule is broken: this is passed by every commit.
    private static void RequirePrefix(Frame frame, long upto, long after, long atMost)
    {
        if (upto <= after || upto > atMost)
        {
            throw Broken(
                LinkFault.PrefixOutsideLease, frame, $"{upto} is not after {after} and up to {atMost}");
        }
    }

    private static void Require([DoesNotReturnIf(false)] bool condition, LinkFault fault, Frame frame, string rule)
    {
        if (!condition)
        {
            throw Broken(fault, frame, rule);
        }
    }

    private static LinkProtocolException Broken(LinkFault fault, Frame frame, string rule) =>
        new(fault, $"{frame.BodyCase}: {rule}.");
}
