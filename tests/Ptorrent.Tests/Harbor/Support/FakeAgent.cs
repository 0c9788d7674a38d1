using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Google.Protobuf;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Link.Transports;
using Ptorrent.Model;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Harbor.Support;

/// <summary>
/// An agent that speaks the real protocol over a real WebSocket, and computes by a rule that tests can compute too:
/// index i is the line "i", the number i, or a file named i.
/// </summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly WebSocketLink _link;
    private readonly LinkSession _session;
    private readonly FakeAgentOptions _options;
    private readonly HttpClient _client;
    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<Grant> _grants = new();
    private readonly ConcurrentQueue<long> _cancelled = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly CancellationTokenSource _vanish = new();
    private Task _receiving = Task.CompletedTask;

    private FakeAgent(WebSocketLink link, LinkSession session, FakeAgentOptions options, HttpClient client)
    {
        _link = link;
        _session = session;
        _options = options;
        _client = client;
    }

    public ImmutableArray<Grant> Grants => [.. _grants];

    public ImmutableArray<long> Cancelled => [.. _cancelled];

    public string? EndReason => _link.EndReason;

    public static async Task<FakeAgent> ConnectAsync(Uri harbor, string key, FakeAgentOptions options)
    {
        using CancellationTokenSource patience = new(TestHarbor.Patience);
        WebSocketLink link = await WebSocketLink.ConnectAsync(harbor, key, patience.Token);
        HttpClient client = new() { BaseAddress = harbor };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        LinkSession session = new(LinkSide.Child);
        FakeAgent agent = new(link, session, options, client);
        await agent.SendAsync(new Frame
        {
            Hello = new Hello
            {
                Version = LinkLimits.Version,
                Agent = options.Id,
                Name = options.Name,
                Slots = options.SlotCount,
                FuelPerSecond = 1e9,
                MemoryBytes = 1 << 30,
                Software = "fake 1",
                Holdings = { options.Holdings },
            },
        });
        session.Receive((await link.ReceiveAsync(patience.Token))!);
        await agent.OpenAsync(options.Window);
        agent._receiving = agent.ReceiveAsync();
        return agent;
    }

    public Task OpenAsync(long window) => SendAsync(new Frame { Window = new Window { Fuel = window } });

    /// <summary>The job's description as this link knows it.</summary>
    public JobDescription DescriptionOf(Grant grant)
    {
        lock (_lock)
        {
            return _session.DescriptionOf(grant.Job)!;
        }
    }

    public Task CommitAsync(Grant grant) => CommitAsync(grant, grant.Begin, grant.End);

    /// <summary>Computes a part of a lease and commits it.</summary>
    public Task CommitAsync(Grant grant, long from, long upto) =>
        CommitAsync(grant, upto, grant.Parts.Count > 0 ? Merge(grant) : Compute(DescriptionOf(grant), from, upto));

    /// <summary>Commits bytes, inline where they fit.</summary>
    public async Task CommitAsync(Grant grant, long upto, byte[] segment)
    {
        Commit commit = new()
        {
            Lease = grant.Lease,
            Epoch = grant.Epoch,
            Upto = upto,
            Fuel = (upto - grant.Begin) * 1000,
            BusyMicroseconds = 1000,
        };
        if (segment.Length <= LinkLimits.InlineBytesMax)
        {
            commit.Inline = ByteString.CopyFrom(segment);
        }
        else
        {
            Digest digest = MerkleHasher.RootOf(segment);
            using HttpResponseMessage answer = await _client.PutAsync(
                new Uri($"api/blobs/{digest}", UriKind.Relative), new ByteArrayContent(segment));
            Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK, $"{answer.StatusCode}");
            commit.Blob = new Blob { Digest = digest.ToByteString(), SizeBytes = segment.Length };
        }

        await SendAsync(new Frame { Commit = commit });
    }

    public Task NackAsync(Grant grant, NackReason reason, string detail = "") =>
        SendAsync(new Frame
        {
            Nack = new Nack { Lease = grant.Lease, Epoch = grant.Epoch, Reason = reason, Detail = detail },
        });

    public Task FailAsync(Grant grant, ProgramFailure failure) =>
        SendAsync(new Frame
        {
            Nack = new Nack
            {
                Lease = grant.Lease,
                Epoch = grant.Epoch,
                Reason = NackReason.NackProgramFailed,
                Failure = failure,
            },
        });

    /// <summary>Sends a frame past the rules of this end, as a broken or hostile agent would.</summary>
    public async Task SendRawAsync(Frame frame)
    {
        lock (_lock)
        {
            try
            {
                // What is right of it is booked, since the harbor books it too.
                _session.Send(frame);
            }
            catch (InvariantException)
            {
                // It is wrong, as the test wants it.
            }
        }

        await _link.SendAsync(frame, CancellationToken.None);
    }

    /// <summary>Waits until something about this agent is so.</summary>
    public async Task WaitAsync(Func<FakeAgent, bool> holds, string what)
    {
        using CancellationTokenSource patience = new(TestHarbor.Patience);
        while (!holds(this))
        {
            try
            {
                await _changed.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException exception)
            {
                throw new InvalidOperationException(
                    $"{what} did not come; {_grants.Count} grants, end: {EndReason}", exception);
            }
        }
    }

    /// <summary>Vanishes without a word.</summary>
    public async ValueTask DisposeAsync()
    {
        await _vanish.CancelAsync();
        await _receiving;
        await _link.DisposeAsync();
        _client.Dispose();
        _vanish.Dispose();
    }

    public static byte[] Compute(JobDescription job, long from, long upto)
    {
        CombineKind combine = (CombineKind)job.Combine;
        if (combine is CombineKind.Sum or CombineKind.Min or CombineKind.Max)
        {
            long sum = 0;
            for (long i = from; i < upto; i++)
            {
                sum += i;
            }

            long value = combine == CombineKind.Sum ? sum : combine == CombineKind.Min ? from : upto - 1;
            return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{value} 1"));
        }

        using MemoryStream bytes = new();
        for (long i = from; i < upto; i++)
        {
            byte[] text = Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture));
            if (combine == CombineKind.Files)
            {
                byte[] header = new byte[FileEntryHeader.HeaderBytesMax];
                int length = new FileEntryHeader(Encoding.ASCII.GetString(text), text.Length).Write(header);
                bytes.Write(header, 0, length);
            }

            bytes.Write(text);
            if (combine != CombineKind.Files)
            {
                bytes.WriteByte((byte)'\n');
            }
        }

        return bytes.ToArray();
    }

    /// <summary>What a job over a range gives whose results are lines, concatenated or merged.</summary>
    public static string Lines(long begin, long end) =>
        string.Concat(Enumerable.Range((int)begin, (int)(end - begin)).Select(i => $"{i}\n"));

    /// <summary>Merging is putting one behind the other; parts must cover the lease without a gap.</summary>
    private static byte[] Merge(Grant grant)
    {
        long next = grant.Begin;
        foreach (Part part in grant.Parts)
        {
            Assert.Equal(next, part.Begin);
            next = part.End;
        }

        Assert.Equal(grant.End, next);
        return [.. grant.Parts.SelectMany(p => p.Inline.ToByteArray())];
    }

    private async Task SendAsync(Frame frame)
    {
        lock (_lock)
        {
            if (_session.Send(frame) == FrameVerdict.Late)
            {
                return;
            }
        }

        try
        {
            await _link.SendAsync(frame, CancellationToken.None);
        }
        catch (LinkClosedException)
        {
            // The test ends this agent or the harbor.
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            await ReceiveAllAsync();
        }
        catch (OperationCanceledException)
        {
            // It vanishes, or the harbor broke the line off.
        }

        _changed.Release();
    }

    private async Task ReceiveAllAsync()
    {
        while (await _link.ReceiveAsync(_vanish.Token) is { } frame)
        {
            lock (_lock)
            {
                if (_session.Receive(frame) == FrameVerdict.Late)
                {
                    continue;
                }
            }

            if (frame.Grant is { } grant)
            {
                _grants.Enqueue(grant);
                _changed.Release();
                await _options.OnGrant(this, grant);
            }
            else if (frame.Cancel is { } cancel)
            {
                _cancelled.Enqueue(cancel.Lease);
                _changed.Release();
            }
        }
    }
}
