using System.Globalization;
using System.Text;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Nodes;
using Ptorrent.Simulation.Workload;

namespace Ptorrent.Simulation.Checks;

/// <summary>What comes out of a job is what the oracle says, byte by byte, as long as nobody lied about it; and it ends
/// as it must.</summary>
internal sealed class JobChecker(World world, DurabilityChecker durability)
{
    private readonly HashSet<JobId> _doubtful = [];
    private readonly HashSet<JobId> _cancelAsked = [];
    private readonly Dictionary<JobId, JobStatus> _ends = [];

    /// <summary>Whether a job has come to its end.</summary>
    public bool HasEnded(JobScript script) =>
        durability.StateOf(script.Request.Id) is JobState.Accepted or JobState.Failed or JobState.Cancelled;

    /// <summary>Somebody asks for a job to be cancelled.</summary>
    public void OnCancelAsked(JobScript script) => _cancelAsked.Add(script.Request.Id);

    /// <summary>A job was refused: only for want of room.</summary>
    public void OnRefused(JobScript script, Refusal refusal) =>
        Require(refusal.Code == RefusalCode.NoSpace, script, $"was refused: {refusal.Message}");

    /// <summary>The disk said that a record is durable.</summary>
    public void OnDurable(StorageRecord record)
    {
        switch (record)
        {
            case StorageRecord.SegmentAdded segment:
                OnSegment(world.ScriptOf(segment.Job), segment);
                break;
            case StorageRecord.JobEnded ended:
                OnEnded(world.ScriptOf(ended.Status.Id), ended.Status);
                break;
            case StorageRecord.JobRemoved removed:
                _doubtful.Remove(removed.Job);
                break;
            default:
                break;
        }
    }

    /// <summary>The world is at its end: every job has ended, and what is on the disk is its product.</summary>
    public void OnEnd()
    {
        foreach (JobScript script in world.Scripts)
        {
            Require(HasEnded(script), script, "has not ended");
            if (_ends[script.Request.Id].State == JobState.Accepted && !_doubtful.Contains(script.Request.Id))
            {
                CheckProduct(script);
            }
        }
    }

    /// <summary>What a customer gets is right; where the disk changed it he gets nothing.</summary>
    private void CheckProduct(JobScript script)
    {
        try
        {
            Require(
                ProductOf(script).AsSpan().SequenceEqual(Oracle.SegmentOf(script, script.Request.Range)),
                script,
                "has another product than the oracle");
            world.Count("products checked");
        }
        catch (StorageException) when (world.Harbor.Disk.HasRotted(script.Request.Id))
        {
            world.Count("products not given out");
        }
    }

    private void OnSegment(JobScript script, StorageRecord.SegmentAdded segment)
    {
        JobId job = script.Request.Id;
        if (!world.Agents[(int)segment.Agent.Value - 1].Options.IsTrusted)
        {
            _doubtful.Add(job);
            return;
        }

        if (segment.Round > 0 && _doubtful.Contains(job))
        {
            return;
        }

        Require(
            BytesOf(segment).SequenceEqual(Oracle.SegmentOf(script, segment.Range)),
            script,
            $"has wrong bytes for {segment.Range} in round {segment.Round} from {segment.Agent}");
    }

    private void OnEnded(JobScript script, JobStatus status)
    {
        _ends[status.Id] = status;
        switch (status.State)
        {
            case JobState.Failed when status.Failure is { Code: TrapCode.Unknown }:
                Require(
                    script.Request.Combine == CombineKind.Merge && world.Harbor.Disk.HasRotted(status.Id),
                    script,
                    "failed as damaged and is not");
                world.Count("jobs failed by the disk");
                break;
            case JobState.Failed:
                Require(
                    status.Failure is { } failure && failure.Index == script.FailingIndex,
                    script,
                    $"failed at {status.Failure?.Index}: {status.Failure?.Message}");
                break;
            case JobState.Cancelled:
                Require(_cancelAsked.Contains(status.Id), script, "is cancelled though nobody asked for it");
                break;
            default:
                Require(script.FailingIndex is null, script, "did not fail though its program does");
                Require(
                    durability.CoverageOf(status.Id, 0).Covers(script.Request.Range),
                    script,
                    $"was said to be whole; durable are {durability.CoverageOf(status.Id, 0)}");
                Require(
                    status.IndicesDone == script.Request.Range.Count,
                    script,
                    $"counts {status.IndicesDone} indices as done");
                break;
        }
    }

    /// <summary>The product as a reader would make it of what is on the disk.</summary>
    private byte[] ProductOf(JobScript script)
    {
        // What was stored of it before it was taken back and submitted again is gone.
        List<StorageRecord.SegmentAdded> segments =
            new DurableJobs(world.Harbor.Disk.Durable).Find(script.Request.Id)!.Segments;
        int round = script.Request.Combine == CombineKind.Merge ? segments.Max(s => s.Round) : 0;
        byte[][] pieces =
        [
            .. segments.Where(s => s.Round == round).OrderBy(s => s.Range.Begin)
                .Select(s => world.Harbor.Disk.Read(s).ToArray()),
        ];
        return script.Request.Combine is CombineKind.Sum or CombineKind.Min or CombineKind.Max
            ? CombineNumbers(script.Request.Combine, pieces)
            : [.. pieces.SelectMany(p => p)];
    }

    private static byte[] CombineNumbers(CombineKind kind, byte[][] pieces)
    {
        long[][] rows =
        [
            .. pieces
                .Select(p => Encoding.ASCII.GetString(p).Split(' '))
                .Select(w => w.Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray()),
        ];
        IEnumerable<long> columns = Enumerable.Range(0, rows[0].Length).Select(c => kind switch
        {
            CombineKind.Sum => rows.Sum(r => r[c]),
            CombineKind.Min => rows.Min(r => r[c]),
            _ => rows.Max(r => r[c]),
        });
        return Encoding.ASCII.GetBytes(string.Join(' ', columns));
    }

    private ReadOnlySpan<byte> BytesOf(StorageRecord.SegmentAdded segment) => segment.Content.Blob is { } blob
        ? world.Harbor.Disk.Blobs[blob]
        : segment.Content.Inline.Span;

    private static void Require(bool holds, JobScript script, string what)
    {
        if (!holds)
        {
            throw new CheckFailedException(nameof(JobChecker), $"Job {script.Number} {what}.");
        }
    }
}
