using Ptorrent.Model.Jobs;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Workload;

namespace Ptorrent.Simulation.Checks;

/// <summary>
/// Once all is put right, every job ends in time, and none stands still. What a line takes for what is to be carried
/// counts on top: nobody can be faster than his line.
/// </summary>
internal sealed class LivenessChecker(World world)
{
    /// <summary>A silent child gets nothing for ten seconds, then for twice as long each time; when this is over, it
    /// has been tried five times.</summary>
    private static readonly TimeSpan StandstillMax = TimeSpan.FromMinutes(10);

    /// <summary>All work is at most two minutes of one slow core; the rest is for what was begun in vain.</summary>
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(30);

    /// <summary>What one commit carries at most, as a device promises, and another one before it on its line.</summary>
    private const long CommitBytesMax = 8 << 20;

    private readonly TimeSpan _standstillMax =
        StandstillMax + LineTime(world, world.Scripts.Sum(s => Math.Min(CommitBytesMax, s.OutputBytesMax)));

    // All output may be on two lines: twins.
    private readonly TimeSpan _timeMax = TimeMax + LineTime(world, 2 * world.Scripts.Sum(s => s.OutputBytesMax));
    private readonly List<JobScript> _open = [];
    private TimeSpan _begin;
    private TimeSpan _lastDurableAt;
    private bool _isOn;

    /// <summary>Whether every job has ended.</summary>
    public bool IsDone
    {
        get
        {
            ForgetEnded();
            return _isOn && _open.Count == 0;
        }
    }

    /// <summary>All is put right.</summary>
    public void Begin()
    {
        _isOn = true;
        _begin = _lastDurableAt = world.Schedule.Now;
        _open.AddRange(world.Scripts);
    }

    /// <summary>Something became durable: there is progress.</summary>
    public void OnDurable() => _lastDurableAt = world.Schedule.Now;

    /// <summary>Something happened.</summary>
    public void OnStep()
    {
        if (!_isOn || _open.Count == 0)
        {
            return;
        }

        ForgetEnded();
        if (_open.Count == 0)
        {
            return;
        }

        TimeSpan now = world.Schedule.Now;
        if (now - _lastDurableAt > _standstillMax)
        {
            throw new CheckFailedException(
                "Liveness", $"Nothing has become durable for {now - _lastDurableAt}, and {Describe(_open[^1])}");
        }

        if (now - _begin > _timeMax)
        {
            throw new CheckFailedException("Liveness", $"After {_timeMax} {Describe(_open[^1])}");
        }
    }

    /// <summary>Nothing is arranged any more, though jobs are open.</summary>
    public void OnNothingLeft()
    {
        if (!IsDone)
        {
            throw new CheckFailedException("Liveness", $"Nobody will ever do anything, and {Describe(_open[^1])}");
        }
    }

    private static TimeSpan LineTime(World world, long bytes) =>
        TimeSpan.FromSeconds(bytes / world.Options.Network.BytesPerSecond);

    private void ForgetEnded()
    {
        while (_open.Count > 0 && world.Checks.Jobs.HasEnded(_open[^1]))
        {
            _open.RemoveAt(_open.Count - 1);
            _lastDurableAt = world.Schedule.Now;
        }
    }

    private string Describe(JobScript script)
    {
        JobStatus? status = world.Harbor.StatusOf(script.Request.Id);
        return status is null
            ? $"job {script.Number} is not known"
            : $"job {script.Number} is {status.State}, {status.IndicesDone} of {script.Request.Range.Count} indices "
                + $"done, {status.CoresAtWork} cores at work. {status.Waiting}";
    }
}
