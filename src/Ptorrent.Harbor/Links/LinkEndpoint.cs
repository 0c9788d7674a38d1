using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Harbor.State;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Segments;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.Links;

/// <summary>Serves agents: handshake, then frames to events. What a commit carries is checked here, beside the
/// loop.</summary>
internal sealed partial class LinkEndpoint(
    HarborLoop loop,
    BlobStore blobs,
    HarborId id,
    string name,
    TimeProvider time,
    ILogger<LinkEndpoint> logger)
{
    private static readonly TimeSpan HandshakeTimeMax = TimeSpan.FromSeconds(10);

    // A burst of a slot's time that is longer says nothing about its speed.
    private static readonly TimeSpan BusyMax = TimeSpan.FromDays(2);

    private readonly ILogger<LinkEndpoint> _logger = logger;

    /// <summary>Serves one agent until its link ends, however it does. Disposes of the link.</summary>
    public async Task ServeAsync(ILink link, CancellationToken stop)
    {
        await using (link)
        {
            try
            {
                using AgentLink? agent = await GreetAsync(link, stop);
                if (agent is not null)
                {
                    await ServeAsync(link, agent, stop);
                }
            }
            catch (LinkProtocolException exception)
            {
                LogProtocol(exception.Message);
                await FarewellAsync(link, exception.Message, stop);
            }
            catch (Exception exception) when (exception
                is LinkClosedException or OperationCanceledException or ChannelClosedException)
            {
                LogEnded(link.EndReason ?? exception.Message);
            }
        }
    }

    /// <summary>Ends a link so that the reason arrives: a line that is broken off at once may lose it on the
    /// way.</summary>
    private async Task FarewellAsync(ILink link, string reason, CancellationToken stop)
    {
        using CancellationTokenSource patience = new(AgentLink.FarewellTimeMax, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        try
        {
            await link.CloseAsync(reason, both.Token);
            while (await link.ReceiveAsync(both.Token) is not null)
            {
                // What still comes counts for nothing.
            }
        }
        catch (Exception exception) when (exception
            is LinkProtocolException or LinkClosedException or OperationCanceledException)
        {
            LogEnded(exception.Message);
        }
    }

    private async Task<AgentLink?> GreetAsync(ILink link, CancellationToken stop)
    {
        LinkSession session = new(LinkSide.Parent);
        using CancellationTokenSource patience = new(HandshakeTimeMax, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        Frame? hello;
        try
        {
            hello = await link.ReceiveAsync(both.Token);
        }
        catch (OperationCanceledException exception) when (patience.IsCancellationRequested)
        {
            throw new LinkProtocolException(LinkFault.GreetingLate, "The greeting did not come in time.", exception);
        }

        if (hello is null)
        {
            return null;
        }

        session.Receive(hello);
        Frame welcome = new()
        {
            Welcome = new Welcome { Version = LinkLimits.Version, Harbor = id.Value, Name = name },
        };
        session.Send(welcome);
        await link.SendAsync(welcome, both.Token);
        return new AgentLink(link, session, time);
    }

    private async Task ServeAsync(ILink link, AgentLink agent, CancellationToken stop)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stop, agent.Broken);
        ChildId child = await loop.JoinAsync(agent, stop);
        LogJoined(new AgentId(agent.Hello.Agent), agent.Hello.Name, agent.Hello.Slots);
        Task sending = agent.SendAllAsync(ended.Token);
        try
        {
            while (await link.ReceiveAsync(ended.Token) is { } frame)
            {
                if (agent.Receive(frame, out CombineKind combine))
                {
                    HarborEvent evt = await ReadAsync(child, frame, combine, stop);
                    await loop.PostAsync(agent, evt, ended.Token);
                    if (evt is HarborEvent.CommitFaulty faulty)
                    {
                        throw new LinkProtocolException(LinkFault.SegmentInvalid, faulty.Reason);
                    }
                }
            }

            LogGone(new AgentId(agent.Hello.Agent), link.EndReason ?? string.Empty);
        }
        catch (OperationCanceledException exception) when (agent.Fault is { } fault)
        {
            throw new LinkProtocolException(fault, "The agent does not read what it is sent.", exception);
        }
        finally
        {
            await loop.LeaveAsync(child);
            await ended.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask<HarborEvent> ReadAsync(
        ChildId child,
        Frame frame,
        CombineKind combine,
        CancellationToken stop) =>
        frame.BodyCase switch
        {
            Frame.BodyOneofCase.Window => new HarborEvent.WindowSet(child, new Fuel(frame.Window.Fuel)),
            Frame.BodyOneofCase.Commit => await ReadCommitAsync(child, frame.Commit, combine, stop),
            Frame.BodyOneofCase.Nack => ReadNack(child, frame.Nack),
            Frame.BodyOneofCase.Keep =>
                new HarborEvent.Kept(child, new LeaseId(frame.Keep.Lease), frame.Keep.From),
            _ => throw new UnreachableException(),
        };

    private static HarborEvent.Nacked ReadNack(ChildId child, Nack nack)
    {
        const int DetailShownMax = 300;
        string detail = nack.Detail.Length > DetailShownMax ? nack.Detail[..DetailShownMax] : nack.Detail;
        return new HarborEvent.Nacked(
            child, new LeaseId(nack.Lease), new LeaseEpoch(nack.Epoch), nack.Reason, nack.Failure?.ToModel(), detail);
    }

    private async ValueTask<HarborEvent> ReadCommitAsync(
        ChildId child,
        Commit commit,
        CombineKind combine,
        CancellationToken stop)
    {
        LeaseId lease = new(commit.Lease);
        LeaseEpoch epoch = new(commit.Epoch);
        try
        {
            (SegmentContent content, int columnCount) = commit.Blob is { } blob
                ? await SegmentBlobs.ReadAsync(blobs, combine, blob.Digest.ToDigest(), blob.SizeBytes, stop)
                : (SegmentContent.Of(commit.Inline.Memory), SegmentCheck.Check(combine, commit.Inline.Span));
            TimeSpan busy = TimeSpan.FromMicroseconds(
                Math.Clamp(commit.BusyMicroseconds, 0, (long)BusyMax.TotalMicroseconds));
            return new HarborEvent.Committed(
                child, lease, epoch, commit.Upto, new Fuel(Math.Max(0, commit.Fuel)), busy, content, columnCount);
        }
        catch (SegmentException exception)
        {
            return new HarborEvent.CommitFaulty(child, lease, epoch, exception.Message);
        }
    }

    [LoggerMessage(201, LogLevel.Information, "{Agent} '{Name}' joined with {SlotCount} slots")]
    private partial void LogJoined(AgentId agent, string name, uint slotCount);

    [LoggerMessage(202, LogLevel.Information, "{Agent} has gone: {Reason}")]
    private partial void LogGone(AgentId agent, string reason);

    [LoggerMessage(203, LogLevel.Warning, "A link is closed because its agent broke the protocol: {Rule}")]
    private partial void LogProtocol(string rule);

    [LoggerMessage(204, LogLevel.Information, "A link ended: {Reason}")]
    private partial void LogEnded(string reason);
}
