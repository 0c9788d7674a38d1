using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Local;

/// <summary>How a local run comes along, told in the same words as a job on the network. For several threads.</summary>
internal sealed class LocalProgress(JobRequest request, IndexRange range, int slotCount, TimeProvider time)
{
    private static readonly TimeSpan ShowPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly long _beganAt = time.GetTimestamp();
    private readonly DateTimeOffset _submittedAt = time.GetUtcNow();
    private Action<JobStatus> _show = _ => { };
    private long _shownAt = long.MinValue;
    private long _indices;
    private long _fragments;
    private int _atWork;
    private Fuel _burnt;

    /// <summary>Executors that work on it.</summary>
    public int SlotCount { get; } = slotCount;

    /// <summary>Tells <paramref name="show"/> from now on, at most ten times a second, never twice at once.</summary>
    public void ShowOn(Action<JobStatus> show) => _show = show;

    public void Begin() => Interlocked.Increment(ref _atWork);

    public void End() => Interlocked.Decrement(ref _atWork);

    /// <summary>Counts a run that ended well.</summary>
    public void Add(long indices, Fuel burnt)
    {
        lock (_lock)
        {
            _indices += indices;
            _burnt += burnt;
            _fragments++;
            if (_shownAt == long.MinValue || time.GetElapsedTime(_shownAt) >= ShowPause)
            {
                _shownAt = time.GetTimestamp();
                _show(StatusNow(JobState.Running, null));
            }
        }
    }

    /// <summary>The job at its good end.</summary>
    public JobStatus Accepted()
    {
        lock (_lock)
        {
            return StatusNow(JobState.Accepted, null);
        }
    }

    /// <summary>What is thrown where the program fails.</summary>
    public JobEndedException Ended(ProgramFailure failure)
    {
        lock (_lock)
        {
            return new JobEndedException(StatusNow(JobState.Failed, failure));
        }
    }

    private JobStatus StatusNow(JobState state, ProgramFailure? failure)
    {
        bool ended = state != JobState.Running;
        double seconds = time.GetElapsedTime(_beganAt).TotalSeconds;
        double left = _indices == 0 ? 0 : seconds / _indices * (range.Count - _indices);
        return new JobStatus
        {
            Id = request.Id,
            Name = request.Name,
            State = state,
            Program = request.Program.Name,
            Combine = request.Combine,
            Range = range,
            IndicesDone = _indices,
            FragmentsDone = _fragments,
            Burnt = _burnt,
            SubmittedAt = _submittedAt,
            EndedAt = ended ? time.GetUtcNow() : null,
            CoresAtWork = ended ? 0 : Volatile.Read(ref _atWork),
            TimeLeft = ended || _indices == 0 ? null : TimeSpan.FromSeconds(Math.Min(left, 3e9)),
            Failure = failure,
        };
    }
}
