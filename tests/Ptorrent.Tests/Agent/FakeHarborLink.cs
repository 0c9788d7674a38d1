using System.Threading.Channels;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Tests.Link;
using Ptorrent.Work.Combining;

namespace Ptorrent.Tests.Agent;

/// <summary>The harbor's end of one link, holding the agent to the rules of the session.</summary>
internal sealed class FakeHarborLink(ILink link) : IAsyncDisposable
{
    private readonly LinkSession _session = new(LinkSide.Parent);
    private readonly Lock _lock = new();
    private readonly Channel<Frame> _frames = Channel.CreateBounded<Frame>(100_000);
    private static long _lastLease;

    public Hello Hello => _session.Hello!;

    public int LeaseCount
    {
        get
        {
            lock (_lock)
            {
                return _session.LeaseCount;
            }
        }
    }

    /// <summary>Welcomes the agent; what it holds of earlier links is cancelled, or left for the test to
    /// answer.</summary>
    public async Task GreetAsync(bool cancelsHoldings)
    {
        await NextAsync();
        await SendAsync(SampleFrames.Welcome());
        foreach (Holding holding in cancelsHoldings ? Hello.Holdings : [])
        {
            await SendAsync(SampleFrames.Cancel(holding.Lease));
        }

        await NextAsync(f => f.Window is { Fuel: > 0 });
    }

    /// <summary>Grants a lease and returns its id.</summary>
    public async Task<long> GrantAsync(
        JobDescription description,
        long begin,
        long end,
        ulong job,
        Action<Grant>? change = null)
    {
        Frame frame = SampleFrames.Grant(Interlocked.Increment(ref _lastLease), begin, end, described: false, job);
        if (_session.DescriptionOf(job) is null)
        {
            frame.Grant.Description = description;
        }

        change?.Invoke(frame.Grant);
        await SendAsync(frame);
        return frame.Grant.Lease;
    }

    public async Task SendAsync(Frame frame)
    {
        lock (_lock)
        {
            _session.Send(frame);
        }

        await link.SendAsync(frame, CancellationToken.None);
    }

    /// <summary>Sends a frame whether the rules allow it or not.</summary>
    public async Task SendRawAsync(Frame frame) => await link.SendAsync(frame, CancellationToken.None);

    /// <summary>The next frame from the agent that fits; others are passed over.</summary>
    public async Task<Frame> NextAsync(Predicate<Frame>? fits = null)
    {
        while (true)
        {
            Frame frame = await _frames.Reader.ReadAsync().AsTask().WaitAsync(FakeHarbor.Patience);
            if (fits is null || fits(frame))
            {
                return frame;
            }
        }
    }

    /// <summary>The product of a lease, once it is whole, and its commits.</summary>
    public async Task<(byte[] Product, List<Commit> Commits)> ProductAsync(
        FakeHarbor harbor,
        long lease,
        long end,
        CombineKind combine)
    {
        SegmentCombiner combiner = new(combine);
        List<Commit> commits = [];
        while (commits.Count == 0 || commits[^1].Upto < end)
        {
            Frame frame = await NextAsync(f => f.Commit?.Lease == lease || f.Nack?.Lease == lease);
            Commit commit = frame.Commit
                ?? throw new Xunit.Sdk.XunitException($"The lease was given back: {frame.Nack}");
            commits.Add(commit);
            combiner.AppendSegment(commit.ResultCase == Commit.ResultOneofCase.Inline
                ? commit.Inline.Span
                : harbor.Blobs[commit.Blob.Digest.ToDigest()]);
        }

        await SendAsync(SampleFrames.Receipt(lease, end));
        return (combiner.ToSegment().ToArray(), commits);
    }

    public async Task<Nack> NackAsync(long lease) => (await NextAsync(f => f.Nack?.Lease == lease)).Nack;

    public Task CloseAsync() => link.CloseAsync("The harbor stops.", CancellationToken.None);

    /// <summary>Ends when the link does, with the agent's reason.</summary>
    public Task<string?> Ended => _ended.Task.WaitAsync(FakeHarbor.Patience);

    private readonly TaskCompletionSource<string?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task ReadAllAsync(CancellationToken stop)
    {
        try
        {
            while (await link.ReceiveAsync(stop) is { } frame)
            {
                lock (_lock)
                {
                    _session.Receive(frame);
                }

                await _frames.Writer.WriteAsync(frame, stop);
            }

            await link.CloseAsync(string.Empty, stop);
            _ended.TrySetResult(link.EndReason);
        }
        catch (OperationCanceledException)
        {
            _ended.TrySetResult(null);
        }
        catch (LinkProtocolException exception)
        {
            _ended.TrySetException(exception);
            _frames.Writer.TryComplete(exception);
        }
    }

    public ValueTask DisposeAsync() => link.DisposeAsync();
}
