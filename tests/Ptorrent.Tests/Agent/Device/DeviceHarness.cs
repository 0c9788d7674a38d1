using System.Runtime.InteropServices;
using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using Ptorrent.Tests.Link;
using Ptorrent.Work.Combining;
using Xunit;

namespace Ptorrent.Tests.Agent.Device;

/// <summary>
/// A device without processes and network: the decider and the feeders of its cores; carries out what they decide by
/// noting it, and holds every frame to the rules of the link at both ends.
/// </summary>
internal sealed class DeviceHarness
{
    private readonly DeviceState _state;
    private readonly CoreFeeder[] _feeders;
    private readonly Dictionary<long, JobDescription> _described = [];
    private readonly Dictionary<Digest, byte[]> _blobs = [];
    private readonly Queue<Action<List<DeviceEffect>>> _next = new();
    private LinkSession _child = new(LinkSide.Child);
    private LinkSession _parent = new(LinkSide.Parent);
    private long _lastLease;
    private long _lastRun;
    private bool _isBusy;

    public DeviceHarness(int slotCount = 2, DeviceLimits? limits = null)
    {
        limits ??= new DeviceLimits();
        _state = new DeviceState(limits, slotCount, ComputeRate.Nominal);
        _feeders = [.. Enumerable.Range(0, slotCount).Select(_ => new CoreFeeder(limits.Feeder))];
        Open();
    }

    public DeviceState State => _state;

    public TimeSpan Now { get; set; }

    public bool ProgramsAreReadyAtOnce { get; init; } = true;

    public bool UploadsAreDoneAtOnce { get; set; } = true;

    public bool CommitsAreDurableAtOnce { get; set; } = true;

    /// <summary>What an index burns; its time follows at the nominal rate.</summary>
    public TimeSpan IndexTime { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Runs and merges with the slots, in the order in which they were begun.</summary>
    public SortedDictionary<long, HarnessRun> Runs { get; } = [];

    /// <summary>The committed segments of each lease, in order.</summary>
    public Dictionary<long, List<byte[]>> Segments { get; } = [];

    public List<Frame> Sent { get; } = [];

    public List<DeviceEffect> Noted { get; } = [];

    /// <summary>Commits without a receipt: their leases and ends.</summary>
    public Queue<(long Lease, long Upto)> Unreceived { get; } = [];

    public bool IsDrained { get; private set; }

    public int LeaseCountAtParent => _parent.LeaseCount;

    public IEnumerable<Nack> Nacks => Sent.Where(f => f.Nack is not null).Select(f => f.Nack);

    public IEnumerable<Commit> Commits => Sent.Where(f => f.Commit is not null).Select(f => f.Commit);

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

        _described[(long)job] = description;
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

    /// <summary>The harbor begins a new life: it gives out its lease ids again.</summary>
    public void RestartHarbor() => _lastLease = 0;

    /// <summary>The line breaks.</summary>
    public void Lose() => Handle(new DeviceEvent.LinkLost());

    /// <summary>Greets a harbor anew, and says what the device holds.</summary>
    public Holding[] Open(ulong harbor = 1)
    {
        (_child, _parent) = (new LinkSession(LinkSide.Child), new LinkSession(LinkSide.Parent));
        Frame hello = SampleFrames.Hello();
        Happen(effects => hello.Hello.Holdings.AddRange(_state.TakeHoldings(effects)));
        Unreceived.Clear();
        Up(hello);
        Frame welcome = SampleFrames.Welcome();
        welcome.Welcome.Harbor = harbor;
        Down(welcome);
        Handle(new DeviceEvent.LinkOpened(new HarborId(harbor)));
        return [.. hello.Hello.Holdings];
    }

    /// <summary>Grants what the harbor still wants of a holding.</summary>
    public long Resume(Holding holding, long begin, long end, JobDescription description) =>
        Grant(description, begin, end, holding.Job, g => g.Resumes = holding.Lease);

    /// <summary>Ends a run as a program does that prints each index of its range, or a merge of such outputs.</summary>
    public void Complete(long number)
    {
        HarnessRun run = Runs[number];
        byte[] segment = run.Lease.IsMerge
            ? [.. run.Lease.Parts.SelectMany(p => p.ToArray())]
            : SegmentOf(run.Lease.Job, run.Range);
        TimeSpan busy = IndexTime * run.Range.Count;
        End(number, new RunEnd(RunEndKind.Completed, segment, ComputeRate.Nominal.FuelIn(busy), busy));
    }

    public void CompleteAll()
    {
        while (Runs.Count > 0)
        {
            Complete(Runs.Keys.First());
        }
    }

    /// <summary>Ends a run in some way.</summary>
    public void End(long number, RunEnd end)
    {
        Assert.True(Runs.Remove(number, out HarnessRun? run));
        Feed(run.Slot, (feeder, effects) => feeder.End(run.Place, end, effects));
    }

    public void Handle(DeviceEvent happened) => Happen(effects => _state.Handle(Now, happened, effects));

    /// <summary>The oldest commit without a receipt is durable.</summary>
    public void ReceiveOne()
    {
        (long lease, long upto) = Unreceived.Dequeue();
        if (Down(SampleFrames.Receipt(lease, upto)))
        {
            Handle(new DeviceEvent.Received(lease, upto));
        }
    }

    /// <summary>The oldest upload that was noted ends.</summary>
    public void EndUpload(bool isWell = true)
    {
        DeviceEffect.Upload upload = Noted.OfType<DeviceEffect.Upload>().First();
        Noted.Remove(upload);
        End(upload, isWell);
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
        JobDescription description = _described[(long)job.Value];
        return SegmentOf((CombineKind)description.Combine, (RunMode)description.Mode, range);
    }

    /// <summary>As the loop does: what an effect brings about happens after the other effects.</summary>
    private void Happen(Action<List<DeviceEffect>> happen)
    {
        _next.Enqueue(happen);
        if (_isBusy)
        {
            return;
        }

        _isBusy = true;
        while (_next.TryDequeue(out Action<List<DeviceEffect>>? next))
        {
            List<DeviceEffect> effects = [];
            next(effects);
            effects.ForEach(CarryOut);
        }

        _isBusy = false;
    }

    private void CarryOut(DeviceEffect effect)
    {
        switch (effect)
        {
            case DeviceEffect.Send send:
                Up(send.Frame);
                break;
            case DeviceEffect.Upload upload when UploadsAreDoneAtOnce:
                End(upload, isWell: true);
                break;
            case DeviceEffect.PrepareProgram prepare when ProgramsAreReadyAtOnce:
                Handle(new DeviceEvent.ProgramReady(prepare.Job));
                break;
            case DeviceEffect.GiveCore give:
                Feed(give.Lease.Slot, (feeder, made) => feeder.Add(give.Lease, made));
                break;
            case DeviceEffect.StopCore stop:
                Feed(stop.Lease.Slot, (feeder, made) => feeder.Drop(stop.Lease, made));
                break;
            case DeviceEffect.PauseCores pause:
                for (int slot = 0; slot < _feeders.Length; slot++)
                {
                    Feed(slot, (feeder, made) => feeder.Pause(pause.IsPaused, made));
                }

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

    private void Feed(int slot, Action<CoreFeeder, List<FeederEffect>> happen)
    {
        List<FeederEffect> made = [];
        List<CoreReport> reports = [];
        happen(_feeders[slot], made);
        foreach (FeederEffect effect in made)
        {
            switch (effect.Kind)
            {
                case FeederEffectKind.Start:
                    Runs.Add(++_lastRun, new HarnessRun(slot, effect.Place, effect.Run.Lease, effect.Run.Range));
                    break;
                case FeederEffectKind.Report:
                    reports.Add(effect.Run);
                    break;
                default:
                    long stopped = Runs.Single(r => r.Value.Slot == slot && r.Value.Place == effect.Place).Key;
                    End(stopped, new RunEnd(RunEndKind.Stopped));
                    break;
            }
        }

        if (reports.Count > 0)
        {
            Happen(effects => _state.Handle(Now, CollectionsMarshal.AsSpan(reports), effects));
        }
    }

    private void End(DeviceEffect.Upload upload, bool isWell)
    {
        byte[] segment = upload.Segment.ToArray();
        Digest digest = MerkleHasher.RootOf(segment);
        _blobs[digest] = segment;
        Handle(isWell
            ? new DeviceEvent.Uploaded(
                upload.Lease,
                upload.Commit,
                new Blob { Digest = digest.ToByteString(), SizeBytes = segment.Length })
            : new DeviceEvent.UploadFailed(upload.Lease, upload.Commit, "no harbor"));
    }

    private void Take(Commit commit)
    {
        Segments.TryAdd(commit.Lease, []);
        Segments[commit.Lease].Add(commit.Blob is { } blob
            ? _blobs[blob.Digest.ToDigest()]
            : commit.Inline.ToByteArray());
        Unreceived.Enqueue((commit.Lease, commit.Upto));
        if (CommitsAreDurableAtOnce)
        {
            ReceiveOne();
        }
    }

    private bool Up(Frame frame)
    {
        if (_child.Send(frame) == FrameVerdict.Late)
        {
            return false;
        }

        Sent.Add(frame);
        bool counts = _parent.Receive(FrameCodec.Decode(FrameCodec.Encode(frame))) == FrameVerdict.Accepted;
        if (counts && frame.Commit is { } commit)
        {
            Take(commit);
        }

        return counts;
    }

    private bool Down(Frame frame) =>
        _parent.Send(frame) == FrameVerdict.Accepted
        && _child.Receive(FrameCodec.Decode(FrameCodec.Encode(frame))) == FrameVerdict.Accepted;

    /// <summary>A run or a merge that a slot has.</summary>
    public sealed record HarnessRun(int Slot, int Place, CoreLease Lease, IndexRange Range);
}
