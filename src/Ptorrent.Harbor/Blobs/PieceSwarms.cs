using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Harbor.Blobs;

/// <summary>The swarms of all blobs that agents hand on; those used longest ago are forgotten. For any number of
/// threads.</summary>
internal sealed class PieceSwarms(TimeProvider time)
{
    private const int SwarmCountMax = 1024;

    // Whoever was not heard of for so long may have gone; nobody asks agents whether they are there.
    private static readonly TimeSpan QuietTimeMax = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<SwarmKey, Entry> _swarms = [];
    private readonly long _begunAt = time.GetTimestamp();

    /// <summary>Takes an agent's report, and answers as soon as there is anything to tell it, or its patience is over,
    /// or it has sent another one.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the report counts.</exception>
    public async Task<PieceAdvice> ReportAsync(
        SwarmKey key, AgentId agent, PieceReport report, PieceMap have, CancellationToken stop)
    {
        Entry entry;
        long turn;
        TimeSpan deadline = Now + TimeSpan.FromMilliseconds(report.PatienceMilliseconds);
        lock (_lock)
        {
            entry = Get(key, have.Count);
            if (entry.Swarm.Report(Now, agent, report, have) is not { } number)
            {
                return new PieceAdvice(0, [], []);
            }

            turn = number;
            entry.Tell();
        }

        while (true)
        {
            Task changed;
            TimeSpan wait;
            lock (_lock)
            {
                TimeSpan now = Now;
                bool isLast = entry.Swarm.IsLast(agent, turn);
                if (!isLast || now >= deadline || entry.Swarm.HasNews(now, agent, report.Seen, report.Wants))
                {
                    return entry.Swarm.Advise(now, agent, isLast ? report.Wants : 0);
                }

                changed = entry.Changed;
                wait = TimeSpan.FromTicks(Math.Min(
                    (deadline - now).Ticks,
                    ((entry.Swarm.NextWakeAt ?? deadline) - now).Ticks));
            }

            await changed
                .WaitAsync(Wait(wait), time, stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Forgets an agent that gave a blob up.</summary>
    public void Leave(SwarmKey key, AgentId agent)
    {
        lock (_lock)
        {
            if (_swarms.TryGetValue(key, out Entry? entry))
            {
                entry.Swarm.Leave(agent);
                entry.Tell();
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_begunAt);

    /// <summary>A timer's own steps are a millisecond; a wait that rounds down to nothing would be a spin.</summary>
    private static TimeSpan Wait(TimeSpan wait) =>
        TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(wait.TotalMilliseconds)));

    private Entry Get(SwarmKey key, int pieceCount)
    {
        if (!_swarms.TryGetValue(key, out Entry? entry))
        {
            MakeRoom();
            entry = new Entry(new PieceSwarm(pieceCount));
            _swarms.Add(key, entry);
        }

        entry.UsedAt = Now;
        return entry;
    }

    private void MakeRoom()
    {
        foreach ((SwarmKey key, Entry entry) in _swarms)
        {
            if (Now - entry.UsedAt > QuietTimeMax)
            {
                _swarms.Remove(key);
            }
        }

        if (_swarms.Count >= SwarmCountMax)
        {
            _swarms.Remove(_swarms.MinBy(s => s.Value.UsedAt).Key);
        }
    }

    private sealed class Entry(PieceSwarm swarm)
    {
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public PieceSwarm Swarm { get; } = swarm;

        public TimeSpan UsedAt { get; set; }

        /// <summary>Ends at the next report.</summary>
        public Task Changed => _changed.Task;

        public void Tell()
        {
            TaskCompletionSource changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
        }
    }
}
