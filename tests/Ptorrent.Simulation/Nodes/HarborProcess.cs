using System.Diagnostics;
using Google.Protobuf;
using Ptorrent.Harbor.Admission;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Network;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Simulation.Nodes;

/// <summary>One life of the harbor: the real state, and in place of its loop, storage and endpoint the plainest thing
/// that keeps their promises.</summary>
internal sealed class HarborProcess
{
    private readonly World _world;
    private readonly HarborNode _node;
    private readonly HarborState _state;
    private readonly DurableJobs _durable;
    private readonly SortedDictionary<ChildId, HarborLink> _links = [];
    private readonly Dictionary<long, Action<Refusal?>> _requests = [];
    private readonly Queue<HarborEvent> _inbox = new();
    private readonly List<HarborEffect> _effects = [];
    private readonly int _epoch;
    private TimeSpan? _wakeAt;
    private long _lastChild;
    private long _lastRequest;
    private bool _isHandling;
    private bool _isDead;

    public HarborProcess(World world, HarborNode node, DurableJobs durable)
    {
        _world = world;
        _node = node;
        _durable = durable;
        _epoch = node.Disk.Epoch;
        _state = new HarborState(HarborNode.Id, "harbor", new LeaseEpoch(_epoch), durable.LastJobNumber);
        node.Disk.Stored = upTo => Post(new HarborEvent.Stored(upTo));
        node.Disk.Stalled = reason => Post(new HarborEvent.StorageStalled(reason));
    }

    private Moment Now => new(_node.WallClock, _world.Schedule.Now);

    /// <summary>Links of agents that have said hello.</summary>
    public IEnumerable<HarborLink> Links => _links.Values;

    /// <summary>Takes in the jobs of earlier lives.</summary>
    public void Start(IEnumerable<StoredJob> jobs)
    {
        foreach (StoredJob stored in jobs)
        {
            AdmittedJob admitted = JobAdmission.Prepare(stored.Request, stored.RequestJson);
            _isHandling = true;
            _state.Restore(Now, admitted, stored, _effects);
            Settle(null);
        }
    }

    /// <summary>The process dies.</summary>
    public void Kill()
    {
        _isDead = true;
        _inbox.Clear();
        foreach (HarborLink link in _links.Values.ToArray())
        {
            link.Kill();
        }
    }

    /// <summary>Whether a job was durable when this life began.</summary>
    public bool WasAdmitted(JobId job) => _durable.Find(job) is not null;

    /// <summary>Where a job stands, from the state or from what was durable at the start.</summary>
    public JobStatus? StatusOf(JobId job) => _state.StatusOf(job) ?? _durable.Find(job)?.Status;

    /// <summary>Takes a connection.</summary>
    public void Accept(WireEnd end) => _ = new HarborLink(_world, this, end);

    /// <summary>An agent said hello.</summary>
    public ChildId Join(HarborLink link, Hello hello)
    {
        ChildId child = new(++_lastChild);
        _links.Add(child, link);
        double rate = Math.Clamp(
            hello.FuelPerSecond, Harbor.Links.AgentLink.FuelPerSecondMin, Harbor.Links.AgentLink.FuelPerSecondMax);
        Post(new HarborEvent.AgentJoined(
            child, new AgentId(hello.Agent), hello.Name, (int)hello.Slots, new ComputeRate(rate))
        {
            Holdings = hello.Holdings,
        });
        return child;
    }

    /// <summary>A link ended.</summary>
    public void Leave(ChildId child)
    {
        if (_links.Remove(child))
        {
            Post(new HarborEvent.AgentGone(child));
        }
    }

    /// <summary>Asks for something that is answered once it is durable.</summary>
    public void Ask(Func<long, HarborEvent> question, Action<Refusal?> answered)
    {
        long request = ++_lastRequest;
        _requests.Add(request, answered);
        Post(question(request));
    }

    /// <summary>Hands an event in.</summary>
    public void Post(HarborEvent evt)
    {
        if (_isDead)
        {
            return;
        }

        _inbox.Enqueue(evt);
        if (_isHandling)
        {
            return;
        }

        while (!_isDead && _inbox.TryDequeue(out HarborEvent? next))
        {
            _isHandling = true;
            _state.Handle(Now, next, _effects);
            Settle(next);
        }
    }

    private void Settle(HarborEvent? cause)
    {
        HarborEffect[] effects = [.. _effects.Select(e => _world.Plant.Alter(cause, e))];
        _effects.Clear();
        NoteStep(cause, effects);
        _world.Checks.AfterHarborEvent(cause, effects);
        foreach (HarborEffect effect in effects)
        {
            CarryOut(effect);
        }

        _isHandling = false;
        Wake();
    }

    /// <summary>Comes back when the state waits for time.</summary>
    private void Wake()
    {
        if (_state.NextWakeAt is not { } at || at == _wakeAt)
        {
            return;
        }

        _wakeAt = at;
        TimeSpan wait = at - _world.Schedule.Now;
        _world.Schedule.After(
            wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
            () =>
            {
                if (_wakeAt == at)
                {
                    _wakeAt = null;
                    Post(new HarborEvent.TimePassed());
                }
            });
    }

    private void NoteStep(HarborEvent? cause, HarborEffect[] effects)
    {
        if (cause is HarborEvent.Stored stored)
        {
            _world.Trace.Note("harbor", "stored", stored.UpTo, effects.Length);
        }
        else
        {
            _world.Trace.Note("harbor", cause?.GetType().Name ?? "Restore", effects.Length);
        }

        if (!_world.Trace.IsRead)
        {
            return;
        }

        _world.Trace.Say($"             < {cause}");
        foreach (HarborEffect effect in effects)
        {
            _world.Trace.Say($"             > {effect}");
        }
    }

    private void CarryOut(HarborEffect effect)
    {
        switch (effect)
        {
            case HarborEffect.Grant grant:
                LinkOf(grant.Child)?.Grant(grant.Lease, grant.Description);
                break;
            case HarborEffect.GrantMerge merge:
                GrantMerge(merge);
                break;
            case HarborEffect.Cancel cancel:
                LinkOf(cancel.Child)?.Send(new Frame { Cancel = new Cancel { Lease = cancel.Lease.Value } });
                break;
            case HarborEffect.DropHolding drop:
                LinkOf(drop.Child)?.Send(new Frame { Cancel = new Cancel { Lease = drop.Holding } });
                break;
            case HarborEffect.Revoke revoke:
                LinkOf(revoke.Child)?.Send(
                    new Frame { Revoke = new Revoke { Lease = revoke.Lease.Value, From = revoke.From } });
                break;
            case HarborEffect.Receipt receipt:
                LinkOf(receipt.Child)?.Send(new Frame { Receipt = receipt.Prefixes });
                break;
            case HarborEffect.CloseLink close:
                LinkOf(close.Child)?.Close(close.Reason);
                break;
            case HarborEffect.Persist persist:
                _node.Disk.Add(persist.Record);
                break;
            case HarborEffect.Answer answer:
                if (_requests.Remove(answer.Request, out Action<Refusal?>? answered))
                {
                    answered(answer.Refusal);
                }

                break;
            case HarborEffect.Deliver deliver:
                _world.Schedule.After(
                    _world.Dice.Wait(TimeSpan.FromMilliseconds(50)),
                    () => Post(new HarborEvent.Delivered(
                        deliver.Job, deliver.Number, DeliveryState.Accepted, string.Empty)));
                break;
            case HarborEffect.JobOpened
                or HarborEffect.JobChanged
                or HarborEffect.JobEnded
                or HarborEffect.JobForgotten
                or HarborEffect.NetworkChanged
                or HarborEffect.AgentAtFault:
                break;
            default:
                throw new UnreachableException(effect.GetType().Name);
        }
    }

    private void GrantMerge(HarborEffect.GrantMerge merge)
    {
        try
        {
            AddParts(merge);
            LinkOf(merge.Child)?.Grant(merge.Lease, merge.Description);
        }
        catch (StorageException exception)
        {
            Post(new HarborEvent.SegmentLost(new JobId(merge.Lease.Job), merge.Lease.Begin, exception.Message));
        }
    }

    private void AddParts(HarborEffect.GrantMerge merge)
    {
        foreach (IndexRange range in merge.Parts)
        {
            StorageRecord.SegmentAdded? segment =
                _node.Disk.FindSegment(new JobId(merge.Lease.Job), merge.Round, range.Begin);
            Invariant.Holds(segment?.Range == range);
            ReadOnlyMemory<byte> bytes = _node.Disk.Read(segment);
            SegmentContent content = segment.Content;
            Part part = new() { Begin = range.Begin, End = range.End };
            if (content.Blob is { } blob)
            {
                part.Blob = new Blob { Digest = blob.ToByteString(), SizeBytes = content.SizeBytes };
            }
            else
            {
                part.Inline = UnsafeByteOperations.UnsafeWrap(bytes);
            }

            merge.Lease.Parts.Add(part);
        }
    }

    private HarborLink? LinkOf(ChildId child) => _links.GetValueOrDefault(child);
}
