using System.Collections.Immutable;

namespace Ptorrent.Simulation.Scale;

/// <summary>What is common elsewhere: a host asks for a chunk, computes it, sends the result and asks for the next. A
/// chunk whose host is known to be gone, or that is far over its time, is given out again.</summary>
internal sealed class ChunkRun : ScaleRun
{
    private const double DeadlineTimes = 4;

    private readonly TimeSpan? _chunkTime;
    private readonly Queue<Chunk> _returned = new();
    private readonly Dictionary<Host, Worker> _workers = [];
    private readonly Queue<Worker> _waiting = new();
    private long _next;
    private long _left;

    /// <param name="options">The run.</param>
    /// <param name="hosts">The hosts.</param>
    /// <param name="chunkTime">How long a chunk takes by what its host says of itself; null for equal chunks, ten a
    /// host.</param>
    public ChunkRun(ScaleOptions options, ImmutableArray<Host> hosts, TimeSpan? chunkTime)
        : base(options, hosts) => _chunkTime = chunkTime;

    protected override string Name =>
        _chunkTime is { } time ? $"self-scheduling, {time.TotalSeconds:G2} s" : "fixed chunks, W/10N";

    protected override void Submit()
    {
        _left = IndexCount;
        MessageCount = 0;
        int count = _waiting.Count;
        for (int i = 0; i < count; i++)
        {
            Give(_waiting.Dequeue());
        }
    }

    protected override void OnCome(Host host)
    {
        Worker worker = new(host);
        _workers[host] = worker;
        Schedule.After(host.OneWay * 3, () => Give(worker));
    }

    protected override void OnGo(Host host, bool isSilent)
    {
        if (!_workers.Remove(host, out Worker? worker))
        {
            return;
        }

        worker.IsGone = true;
        if (worker.Chunk is { } chunk)
        {
            double done = (Schedule.Now - worker.BegunAt) / TimeFor(host, chunk.Count, worker.Share);
            Burn(Math.Min(1, done) * chunk.Count);
            EndShare(host, worker.Share);
            worker.Chunk = null;
        }

        if (!isSilent)
        {
            Schedule.After(host.OneWay, () =>
            {
                if (worker.Given is { } given)
                {
                    Return(given);
                }
            });
        }
    }

    /// <summary>The harbor gives a chunk to whoever asked.</summary>
    private void Give(Worker worker)
    {
        MessageCount++;
        Chunk? chunk = HasBegun ? Take(worker.Host) : null;
        if (chunk is null)
        {
            _waiting.Enqueue(worker);
            return;
        }

        MessageCount++;
        worker.Given = chunk;
        TimeSpan expected = TimeSpan.FromSeconds(
            chunk.Count * Options.IndexFuel / (worker.Host.Cores * worker.Host.ClaimedCoreRate));
        Schedule.After((expected * DeadlineTimes) + TimeSpan.FromSeconds(10), () => Return(chunk));
        Schedule.After(worker.Host.OneWay, () => Compute(worker, chunk));
    }

    private Chunk? Take(Host host)
    {
        while (_returned.TryDequeue(out Chunk? returned))
        {
            if (!returned.IsDone)
            {
                return returned;
            }
        }

        long size = _chunkTime is { } time
            ? (long)(host.Cores * host.ClaimedCoreRate * time.TotalSeconds / Options.IndexFuel)
            : IndexCount / (10 * Options.HostCount);
        size = Math.Min(Math.Max(1, size), IndexCount - _next);
        _next += size;
        return size == 0 ? null : new Chunk(size);
    }

    private void Return(Chunk chunk)
    {
        if (chunk.IsDone)
        {
            return;
        }

        _returned.Enqueue(chunk);
        while (_returned.Count > 0 && _waiting.TryDequeue(out Worker? worker))
        {
            if (!worker.IsGone)
            {
                Give(worker);
            }
        }
    }

    private void Compute(Worker worker, Chunk chunk)
    {
        if (worker.IsGone)
        {
            return;
        }

        worker.Chunk = chunk;
        worker.Share = worker.Host.DrawShare();
        worker.BegunAt = Schedule.Now;
        BeginShare(worker.Host, worker.Share);
        Schedule.After(TimeFor(worker.Host, chunk.Count, worker.Share), () =>
        {
            if (worker.IsGone)
            {
                return;
            }

            worker.Chunk = null;
            EndShare(worker.Host, worker.Share);
            Burn(chunk.Count);
            Schedule.After(worker.Host.OneWay, () => OnResult(worker, chunk));
        });
    }

    private void OnResult(Worker worker, Chunk chunk)
    {
        worker.Given = null;
        if (!chunk.IsDone)
        {
            chunk.IsDone = true;
            CountIn(chunk.Count);
            _left -= chunk.Count;
            IsDone = _left == 0;
        }

        Give(worker);
    }

    private sealed class Chunk(long count)
    {
        public long Count { get; } = count;

        public bool IsDone { get; set; }
    }

    private sealed class Worker(Host host)
    {
        public Host Host { get; } = host;

        public Chunk? Chunk { get; set; }

        public Chunk? Given { get; set; }

        public double Share { get; set; } = 1;

        public TimeSpan BegunAt { get; set; }

        public bool IsGone { get; set; }
    }
}
