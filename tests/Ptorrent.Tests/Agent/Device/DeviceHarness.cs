using System.Collections.Immutable;
using Ptorrent.Agent.Device;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using Ptorrent.Tests.Link;
using Ptorrent.Work.Combining;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Agent.Device;

/// <summary>
/// A device without processes and network: carries out what <see cref="DeviceState"/> decides by noting it, and holds
/// every frame to the rules of the link at both ends.
/// </summary>
internal sealed class DeviceHarness
{
    private readonly DeviceState _state;
    private readonly LinkSession _child = new(LinkSide.Child);
    private readonly LinkSession _parent = new(LinkSide.Parent);
    private readonly List<DeviceEffect> _effects = [];
    private long _lastLease;

    public DeviceHarness(int slotCount = 2, DeviceLimits? limits = null)
    {
        _state = new DeviceState(limits ?? new DeviceLimits(), slotCount, ComputeRate.Nominal);
        Up(SampleFrames.Hello());
        Down(SampleFrames.Welcome());
        Handle(new DeviceEvent.LinkOpened());
    }

    public DeviceState State => _state;

    public TimeSpan Now { get; set; }

    public bool ProgramsAreReadyAtOnce { get; init; } = true;

    public bool CommitsAreSentAtOnce { get; init; } = true;

    /// <summary>Runs and merges with the slots.</summary>
    public Dictionary<LeaseId, DeviceEffect> Runs { get; } = [];

    /// <summary>The committed segments of each lease, in order.</summary>
    public Dictionary<long, List<byte[]>> Segments { get; } = [];

    public List<Frame> Sent { get; } = [];

    public List<DeviceEffect> Noted { get; } = [];

    public Queue<DeviceEffect.Commit> Unsent { get; } = [];

    public bool IsDrained { get; private set; }

    public int LeaseCountAtParent => _parent.LeaseCount;

    public IEnumerable<Nack> Nacks => Sent.Where(f => f.Nack is not null).Select(f => f.Nack);

    public static JobDescription Describe(CombineKind combine, RunMode mode = RunMode.Range)
    {
        JobDescription description = SampleFrames.Description();
        description.Combine = (int)combine;
        description.Mode = (int)mode;
        return description;
    }

    public long Grant(
        JobDescription description,
        long begin,
        long end,
        ulong job = SampleFrames.Job,
        Action<Grant>? change = null)
    {
        Frame frame = SampleFrames.Grant(++_lastLease, begin, end, described: false, job);
        if (_parent.DescriptionOf(job) is null)
        {
            frame.Grant.Description = description;
        }

        change?.Invoke(frame.Grant);
        if (Down(frame))
        {
            Handle(new DeviceEvent.Granted(frame.Grant, _child.DescriptionOf(job)!));
        }

        return _lastLease;
    }

    public void Cancel(long lease)
    {
        if (Down(SampleFrames.Cancel(lease)))
        {
            Handle(new DeviceEvent.Cancelled(lease));
        }
    }

    public void Revoke(long lease, long from)
    {
        if (Down(SampleFrames.Revoke(lease, from)))
        {
            Handle(new DeviceEvent.Revoked(lease, from));
        }
    }

    /// <summary>Ends a run as a program does that prints each index of its range, or a merge of such outputs.</summary>
    public void Complete(LeaseId id)
    {
        byte[] segment = Runs[id] switch
        {
            DeviceEffect.StartRun run => SegmentOf(run.Job, run.Range),
            DeviceEffect.StartMerge merge => [.. merge.Parts.SelectMany(p => p.ToArray())],
            _ => throw new InvalidOperationException(),
        };
        Runs.Remove(id);
        Handle(new DeviceEvent.RunCompleted(id, segment, new Fuel(1_000_000), TimeSpan.FromMilliseconds(1)));
    }

    public void CompleteAll()
    {
        while (Runs.Count > 0)
        {
            Complete(Runs.Keys.Min());
        }
    }

    public void Handle(DeviceEvent happened)
    {
        _effects.Clear();
        _state.Handle(Now, happened, _effects);
        foreach (DeviceEffect effect in _effects.ToArray())
        {
            CarryOut(effect);
        }
    }

    /// <summary>Puts the oldest waiting commit on the link, or passes it over where its lease is over.</summary>
    public void SendOne()
    {
        DeviceEffect.Commit commit = Unsent.Dequeue();
        Frame frame = new() { Commit = commit.Frame.Clone() };
        frame.Commit.Inline = Google.Protobuf.ByteString.CopyFrom(
            commit.Segment.Span[..Math.Min(commit.Segment.Length, LinkLimits.InlineBytesMax)]);
        if (Up(frame))
        {
            Segments.TryAdd(commit.Frame.Lease, []);
            Segments[commit.Frame.Lease].Add(commit.Segment.ToArray());
        }

        Handle(new DeviceEvent.CommitSent(commit.Lease));
    }

    /// <summary>The segment of a run of a program that prints each index of its range.</summary>
    public static byte[] SegmentOf(CombineKind combine, RunMode mode, IndexRange range)
    {
        if (combine == CombineKind.Merge)
        {
            return TextOf(range);
        }

        SegmentCombiner combiner = new(combine);
        foreach (IndexRange call in mode == RunMode.Range ? [range] : Singles(range))
        {
            combiner.AppendSegment(
                combine == CombineKind.Files ? EntryOf(call.Begin, TextOf(call)) : TextOf(call));
        }

        return combiner.ToSegment().ToArray();
    }

    /// <summary>The committed bytes of a lease, combined.</summary>
    public byte[] Product(long lease, CombineKind combine)
    {
        List<byte[]> segments = Segments[lease];
        if (combine == CombineKind.Merge)
        {
            return Assert.Single(segments);
        }

        SegmentCombiner combiner = new(combine);
        segments.ForEach(s => combiner.AppendSegment(s));
        return combiner.ToSegment().ToArray();
    }

    private static IEnumerable<IndexRange> Singles(IndexRange range) =>
        Enumerable.Range(0, (int)range.Count).Select(i => new IndexRange(range.Begin + i, range.Begin + i + 1));

    private static byte[] TextOf(IndexRange range) => System.Text.Encoding.ASCII.GetBytes(
        string.Concat(Singles(range).Select(single => $"{single.Begin}\n")));

    private static byte[] EntryOf(long index, byte[] content)
    {
        byte[] header = new byte[FileEntryHeader.HeaderBytesMax];
        int bytes = new FileEntryHeader($"{index}", content.Length).Write(header);
        return [.. header[..bytes], .. content];
    }

    private byte[] SegmentOf(JobId job, IndexRange range)
    {
        JobDescription description = _child.DescriptionOf(job.Value)!; // A job that runs was described.
        return SegmentOf((CombineKind)description.Combine, (RunMode)description.Mode, range);
    }

    private void CarryOut(DeviceEffect effect)
    {
        switch (effect)
        {
            case DeviceEffect.Send send:
                Up(send.Frame);
                break;
            case DeviceEffect.Commit commit:
                Unsent.Enqueue(commit);
                if (CommitsAreSentAtOnce)
                {
                    SendOne();
                }

                break;
            case DeviceEffect.PrepareProgram prepare when ProgramsAreReadyAtOnce:
                Handle(new DeviceEvent.ProgramReady(prepare.Job));
                break;
            case DeviceEffect.StartRun run:
                Runs.Add(run.Run, run);
                break;
            case DeviceEffect.StartMerge merge:
                Runs.Add(merge.Run, merge);
                break;
            case DeviceEffect.StopRun stop:
                Assert.True(Runs.Remove(stop.Run));
                break;
            case DeviceEffect.Drained:
                Assert.False(IsDrained);
                IsDrained = true;
                break;
            default:
                Noted.Add(effect);
                break;
        }
    }

    private bool Up(Frame frame)
    {
        if (_child.Send(frame) == FrameVerdict.Late)
        {
            return false;
        }

        Sent.Add(frame);
        return _parent.Receive(FrameCodec.Decode(FrameCodec.Encode(frame))) == FrameVerdict.Accepted;
    }

    private bool Down(Frame frame) =>
        _parent.Send(frame) == FrameVerdict.Accepted
        && _child.Receive(FrameCodec.Decode(FrameCodec.Encode(frame))) == FrameVerdict.Accepted;
}
