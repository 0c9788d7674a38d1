using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Randomness;
using Ptorrent.Work.Combining;

namespace Ptorrent.Tests.Agent.Device;

/// <summary>A harbor that loses its only agent again and again, and remembers what is durable.</summary>
internal sealed class ResumeModel(
    DeviceHarness device,
    Prng prng,
    JobDescription description,
    CombineKind combine)
{
    public const long Count = 400;

    private readonly SortedDictionary<long, (long End, byte[] Segment)> _durable = [];
    private readonly SortedDictionary<long, (long Begin, long End)> _live = [];
    private int _seen;

    /// <summary>Works, with breaks of the line, until all is durable.</summary>
    public void Play()
    {
        GrantGaps();
        for (int round = 0; round < 4; round++)
        {
            Work(prng.Below(30));
            TakeCommits();
            device.Lose();
            Work(prng.Below(30));
            Answer();
        }

        Work(long.MaxValue);
        TakeCommits();
    }

    /// <summary>The durable segments, combined.</summary>
    public byte[] Product()
    {
        if (combine == CombineKind.Merge)
        {
            return [.. _durable.Values.SelectMany(d => d.Segment)];
        }

        SegmentCombiner combiner = new(combine);
        foreach ((_, byte[] segment) in _durable.Values)
        {
            combiner.AppendSegment(segment);
        }

        return combiner.ToSegment().ToArray();
    }

    private void Work(long steps)
    {
        for (long i = 0; i < steps && device.Runs.Count > 0; i++)
        {
            device.Now += TimeSpan.FromMilliseconds(prng.Below(60));
            if (device.State.NextWakeAt <= device.Now)
            {
                device.Handle(new DeviceEvent.TimePassed());
            }

            device.Complete(device.Runs.Keys.ElementAt((int)prng.Below(device.Runs.Count)));
            if (device.Unreceived.Count > 0 && prng.Below(3) == 0)
            {
                device.ReceiveOne();
            }
        }

        while (steps == long.MaxValue && device.Unreceived.Count > 0)
        {
            device.ReceiveOne();
        }
    }

    /// <summary>What came since the last time is durable, told or not.</summary>
    private void TakeCommits()
    {
        foreach (Commit commit in device.Commits.Skip(_seen).ToArray())
        {
            _seen++;
            (long begin, long end) = _live[commit.Lease];
            int at = device.Commits.Take(_seen).Count(c => c.Lease == commit.Lease) - 1;
            _durable.Add(begin, (commit.Upto, device.Segments[commit.Lease][at]));
            _live[commit.Lease] = (commit.Upto, end);
        }
    }

    private void Answer()
    {
        _live.Clear();
        foreach (Holding holding in device.Open())
        {
            (long Begin, long End)[] wanted =
            [
                .. Gaps()
                    .Select(g => (Begin: Math.Max(g.Begin, holding.Begin), End: Math.Min(g.End, holding.End)))
                    .Where(g => g.Begin < g.End),
            ];
            if (wanted.Length == 0 || prng.Below(5) == 0)
            {
                device.Cancel(holding.Lease);
                continue;
            }

            (long begin, long end) = wanted[0];
            begin += prng.Below(3) == 0 ? prng.Below(end - begin) : 0;
            end -= prng.Below(3) == 0 ? prng.Below(end - begin) : 0;
            Note(device.Resume(holding, begin, end, description), begin, end);
        }

        GrantGaps();
    }

    private void GrantGaps()
    {
        foreach ((long begin, long end) in Gaps().ToArray())
        {
            long middle = begin + prng.Below(end - begin);
            if (middle > begin)
            {
                Note(device.Grant(description, begin, middle), begin, middle);
            }

            Note(device.Grant(description, middle, end), middle, end);
        }
    }

    private void Note(long lease, long begin, long end)
    {
        _live.Add(lease, (begin, end));
        TakeCommits();
    }

    /// <summary>What is neither durable nor in a lease.</summary>
    private IEnumerable<(long Begin, long End)> Gaps()
    {
        long upto = 0;
        foreach ((long begin, long end) in _durable
            .Select(d => (d.Key, d.Value.End))
            .Concat(_live.Values.Where(l => l.Begin < l.End))
            .Order())
        {
            if (begin > upto)
            {
                yield return (upto, begin);
            }

            upto = end;
        }

        if (upto < Count)
        {
            yield return (upto, Count);
        }
    }
}
