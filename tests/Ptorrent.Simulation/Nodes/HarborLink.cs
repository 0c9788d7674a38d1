using Ptorrent.Harbor.State;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Network;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Simulation.Nodes;

/// <summary>The harbor's end of one agent's link: the real session, and what the endpoint does around it.</summary>
internal sealed class HarborLink
{
    private const int OutboxFramesPerSlot = 8;
    private const int OutboxFramesMin = 4096;

    private readonly World _world;
    private readonly HarborProcess _harbor;
    private readonly WireEnd _end;
    private readonly LinkSession _session = new(LinkSide.Parent);
    private readonly Queue<(Frame Frame, JobDescription? Description)> _outbox = new();
    private Grant? _granted;
    private string? _closeReason;
    private bool _isOver;
    private ChildId? _child;

    public HarborLink(World world, HarborProcess harbor, WireEnd end)
    {
        _world = world;
        _harbor = harbor;
        _end = end;
        end.Received = Receive;
        end.Ended = _ => Leave();
        end.RoomMade = Flush;
    }

    /// <summary>Frames that wait.</summary>
    public int OutboxCount => _outbox.Count;

    /// <summary>The most that may wait.</summary>
    public int OutboxCountMax => OutboxFramesMin + (OutboxFramesPerSlot * (int)(_session.Hello?.Slots ?? 0));

    /// <summary>Leases that the session knows.</summary>
    public int LeaseCount => _session.LeaseCount;

    /// <summary>Hands a lease out.</summary>
    public void Grant(Grant lease, JobDescription description) => Add(new Frame { Grant = lease }, description);

    /// <summary>Sends a frame that needs nothing added.</summary>
    public void Send(Frame frame) => Add(frame, null);

    /// <summary>Ends the link after what waits.</summary>
    public void Close(string reason)
    {
        _closeReason ??= reason;
        Flush();
    }

    /// <summary>The process is gone.</summary>
    public void Kill()
    {
        _isOver = true;
        _end.Forget();
    }

    private void Add(Frame frame, JobDescription? description)
    {
        if (_isOver || _closeReason is not null)
        {
            return;
        }

        if (_outbox.Count >= OutboxCountMax)
        {
            // It does not read what it is sent.
            Break("The agent does not read.");
            return;
        }

        _outbox.Enqueue((frame, description));
        Flush();
    }

    private void Flush()
    {
        while (!_isOver && _end.HasRoom && _outbox.TryDequeue(out (Frame Frame, JobDescription? Description) next))
        {
            if (Book(next.Frame, next.Description))
            {
                Transmit(next.Frame);
            }
        }

        if (_closeReason is not null && _outbox.Count == 0 && !_isOver)
        {
            _end.Finish(_closeReason);
        }
    }

    private void Transmit(Frame frame)
    {
        _world.Checks.OnFrameSent(toAgent: true, frame);
        _end.Send(FrameCodec.Encode(frame));
    }

    private bool Book(Frame frame, JobDescription? description)
    {
        _granted = frame.Grant ?? _granted;
        if (frame.Grant is { } grant && _session.DescriptionOf(grant.Job) is null)
        {
            grant.Description = description;
        }

        return _session.Send(frame) == FrameVerdict.Accepted;
    }

    private void Receive(byte[] message)
    {
        if (_isOver)
        {
            return;
        }

        try
        {
            Frame frame = FrameCodec.Decode(message);
            _world.Plant.Tamper(frame, _granted);
            if (_child is null)
            {
                Greet(frame);
            }
            else
            {
                Take(frame, _child.Value);
            }
        }
        catch (LinkProtocolException exception)
        {
            _world.Trace.Note("harbor", "closes a link", _child?.Value ?? 0);
            _world.Trace.Say(exception.Message);
            _world.Count("links closed for a broken rule");
            Break(exception.Message);
        }
    }

    private void Greet(Frame hello)
    {
        _session.Receive(hello);
        Frame welcome = new()
        {
            Welcome = new Welcome { Version = LinkLimits.Version, Harbor = HarborNode.Id.Value, Name = "harbor" },
        };
        _session.Send(welcome);
        Transmit(welcome);
        _child = _harbor.Join(this, _session.Hello!);
    }

    private void Take(Frame frame, ChildId child)
    {
        if (_session.Receive(frame) == FrameVerdict.Late)
        {
            _world.Count("frames too late");
            return;
        }

        switch (frame.BodyCase)
        {
            case Frame.BodyOneofCase.Window:
                _harbor.Post(new HarborEvent.WindowSet(child, new Fuel(frame.Window.Fuel)));
                break;
            case Frame.BodyOneofCase.Commit:
                TakeCommit(frame.Commit, child);
                break;
            case Frame.BodyOneofCase.Keep:
                _harbor.Post(new HarborEvent.Kept(child, new LeaseId(frame.Keep.Lease), frame.Keep.From));
                break;
            case Frame.BodyOneofCase.Nack:
                _harbor.Post(new HarborEvent.Nacked(
                    child,
                    new LeaseId(frame.Nack.Lease),
                    new LeaseEpoch(frame.Nack.Epoch),
                    frame.Nack.Reason,
                    frame.Nack.Failure?.ToModel(),
                    frame.Nack.Detail));
                break;
            default:
                break;
        }
    }

    private void TakeCommit(Commit commit, ChildId child)
    {
        CombineKind combine = (CombineKind)_session.DescriptionOfLease(commit.Lease)!.Combine;
        LeaseId lease = new(commit.Lease);
        LeaseEpoch epoch = new(commit.Epoch);
        try
        {
            SegmentContent content = ContentOf(commit, out int columns, combine);
            _harbor.Post(new HarborEvent.Committed(
                child,
                lease,
                epoch,
                commit.Upto,
                new Fuel(commit.Fuel),
                TimeSpan.FromMicroseconds(commit.BusyMicroseconds),
                content,
                columns));
        }
        catch (SegmentException exception)
        {
            _world.Count("commits that are no segment");
            _harbor.Post(new HarborEvent.CommitFaulty(child, lease, epoch, exception.Message));
            throw new LinkProtocolException(LinkFault.SegmentInvalid, exception.Message, exception);
        }
    }

    private SegmentContent ContentOf(Commit commit, out int columns, CombineKind combine)
    {
        if (commit.Blob is not { } blob)
        {
            columns = SegmentCheck.Check(combine, commit.Inline.Span);
            return SegmentContent.Of(commit.Inline.Memory);
        }

        Digest digest = blob.Digest.ToDigest();
        if (!_world.Harbor.Disk.Blobs.TryGetValue(digest, out byte[]? bytes) || bytes.Length != blob.SizeBytes)
        {
            throw new SegmentException("The blob is not here.");
        }

        columns = SegmentCheck.Check(combine, bytes);
        return SegmentContent.Of(digest, bytes.Length);
    }

    /// <summary>The agent broke a rule: it is gone at once, and hears why.</summary>
    private void Break(string reason)
    {
        if (!_isOver)
        {
            Leave();
            _end.Close(reason);
        }
    }

    private void Leave()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        if (_child is { } child)
        {
            _harbor.Leave(child);
        }
    }
}
