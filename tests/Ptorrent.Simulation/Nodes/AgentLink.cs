using Ptorrent.Agent.Connection;
using Ptorrent.Agent.Device;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Simulation.Checks;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Network;

namespace Ptorrent.Simulation.Nodes;

/// <summary>The agent's end of a link: the real session, and what the connection does around it.</summary>
internal sealed class AgentLink
{
    private readonly World _world;
    private readonly AgentNode _node;
    private readonly WireEnd _end;
    private readonly LinkSession _session = new(LinkSide.Child);
    private readonly Outbox _outbox = new();
    private bool _isOver;

    public AgentLink(World world, AgentNode node, WireEnd end)
    {
        _world = world;
        _node = node;
        _end = end;
        end.Received = Receive;
        end.Ended = reason => node.Do(() => End(reason));
        end.RoomMade = () => node.Do(Flush);
    }

    /// <summary>Called when the harbor has welcomed the agent.</summary>
    public Action? Opened { get; set; }

    /// <summary>Called with what the harbor says.</summary>
    public Action<DeviceEvent>? Came { get; set; }

    /// <summary>Called once at the end.</summary>
    public Action? Lost { get; set; }

    /// <summary>Frames that wait.</summary>
    public int OutboxCount => _outbox.Count;

    /// <summary>The session.</summary>
    public LinkSession Session => _session;

    /// <summary>Says hello.</summary>
    public void Greet(Hello hello)
    {
        Frame frame = new() { Hello = hello };
        _session.Send(frame);
        Put(frame);
    }

    /// <summary>Sends a frame after the others; false where it means nothing any more.</summary>
    public bool Send(Frame frame)
    {
        if (_isOver || _session.Send(frame) != FrameVerdict.Accepted)
        {
            return false;
        }

        if (!_outbox.Add(frame))
        {
            throw new CheckFailedException(nameof(LimitChecker), "There are too many frames for the harbor.");
        }

        Flush();
        return true;
    }

    /// <summary>Sends bytes past all rules.</summary>
    public void SendRaw(byte[] bytes)
    {
        if (!_isOver && _end.HasRoom)
        {
            _end.Send(bytes);
        }
    }

    private void Flush()
    {
        while (!_isOver && _end.HasRoom && _outbox.TryTake(out Frame? next))
        {
            Put(next);
            if (next.Commit is not null)
            {
                Mischief.Remember(_node, next);
            }
        }
    }

    private void Put(Frame frame)
    {
        _world.Checks.OnFrameSent(toAgent: false, frame);
        _end.Send(FrameCodec.Encode(frame));
    }

    private void Receive(byte[] message)
    {
        if (_isOver)
        {
            return;
        }

        Frame frame = FrameCodec.Decode(message);
        if (_session.Receive(frame) == FrameVerdict.Late)
        {
            return;
        }

        switch (frame.BodyCase)
        {
            case Frame.BodyOneofCase.Welcome:
                Opened?.Invoke();
                break;
            case Frame.BodyOneofCase.Grant when Claims.IsClaim(frame.Grant.Resumes):
                TakeClaimed(frame.Grant);
                break;
            case Frame.BodyOneofCase.Cancel when Claims.IsClaim(frame.Cancel.Lease):
                break;
            case Frame.BodyOneofCase.Grant:
                if (_node.Mischief.ReplayFor(frame.Grant) is { } replayed && _node.Dice.Happens(0.3))
                {
                    _world.Count("commits of an earlier life");
                    SendRaw(replayed);
                }

                Came?.Invoke(new DeviceEvent.Granted(frame.Grant, _session.DescriptionOf(frame.Grant.Job)!));
                break;
            case Frame.BodyOneofCase.Cancel:
                if (_session.IsCancelled(frame.Cancel.Lease))
                {
                    _outbox.Drop(frame.Cancel.Lease);
                }

                Came?.Invoke(new DeviceEvent.Cancelled(frame.Cancel.Lease));
                break;
            case Frame.BodyOneofCase.Receipt:
                foreach (LeasePrefix prefix in frame.Receipt.Prefixes)
                {
                    Came?.Invoke(new DeviceEvent.Received(prefix.Lease, prefix.Upto));
                }

                break;
            case Frame.BodyOneofCase.Revoke:
                Came?.Invoke(new DeviceEvent.Revoked(frame.Revoke.Lease, frame.Revoke.From));
                break;
            default:
                throw new System.Diagnostics.UnreachableException(frame.BodyCase.ToString());
        }
    }

    /// <summary>What was granted for a claim is work like any other, or is left lying.</summary>
    private void TakeClaimed(Grant grant)
    {
        _world.Count("claims believed");
        if (_node.Dice.Happens(0.3))
        {
            grant.Resumes = 0;
            Came?.Invoke(new DeviceEvent.Granted(grant, _session.DescriptionOf(grant.Job)!));
        }
    }

    private void End(string reason)
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        _world.Trace.Note(_node.Name, "loses its link");
        _world.Trace.Say(reason);
        _end.Close("The line broke.");
        Lost?.Invoke();
    }
}
