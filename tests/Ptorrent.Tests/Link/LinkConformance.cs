using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Xunit;

namespace Ptorrent.Tests.Link;

/// <summary>What every link does. A subclass gives a fresh pair of ends for each test.</summary>
public abstract class LinkConformance
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Frames_BothWays_ArriveWholeAndInOrder()
    {
        await using LinkPair pair = await ConnectAsync();
        Frame[] frames = [.. SampleFrames.All().Select(f => f.Frame)];
        foreach (ILink from in new[] { pair.Child, pair.Parent })
        {
            ILink to = from == pair.Child ? pair.Parent : pair.Child;
            foreach (Frame frame in frames)
            {
                await from.SendAsync(frame, CancellationToken.None).AsTask().WaitAsync(Patience);
            }

            foreach (Frame frame in frames)
            {
                Assert.Equal(frame, await ReceiveAsync(to));
            }
        }
    }

    [Fact]
    public async Task Frames_LargestAllowed_Arrives()
    {
        await using LinkPair pair = await ConnectAsync();
        Frame frame = SampleFrames.Grant();
        frame.Grant.Description.Arguments.Add(Enumerable.Repeat(new string('a', 60_000), 8));

        await pair.Parent.SendAsync(frame, CancellationToken.None);

        Assert.Equal(frame, await ReceiveAsync(pair.Child));
    }

    // Goal: a peer that does not read makes the sender wait, and loses nothing.
    // Method: send until it does not go on; then read all.
    [Fact]
    public async Task Send_PeerDoesNotRead_WaitsAndLosesNothing()
    {
        await using LinkPair pair = await ConnectAsync();
        Frame large = SampleFrames.Commit();
        large.Commit.Inline = Google.Protobuf.ByteString.CopyFrom(new byte[LinkLimits.InlineBytesMax]);
        const int FrameCount = 2_000;
        Task sending = SendManyAsync();

        for (int i = 0; i < FrameCount; i++)
        {
            Frame? frame = await ReceiveAsync(pair.Parent);
            Assert.Equal(i + 1, frame!.Commit.Upto);
            if (i == 0)
            {
                // 130 MB fit into no buffer on the way.
                Assert.False(sending.IsCompleted);
            }
        }

        await sending.WaitAsync(Patience);

        async Task SendManyAsync()
        {
            for (int i = 0; i < FrameCount; i++)
            {
                Frame frame = large.Clone();
                frame.Commit.Upto = i + 1;
                await pair.Child.SendAsync(frame, CancellationToken.None);
            }
        }
    }

    [Fact]
    public async Task Close_AfterFrames_TheyArriveThenTheEndWithItsReason()
    {
        await using LinkPair pair = await ConnectAsync();
        await pair.Child.SendAsync(SampleFrames.Window(), CancellationToken.None);

        await pair.Child.CloseAsync("Good night.", CancellationToken.None).WaitAsync(Patience);

        Assert.Equal(SampleFrames.Window(), await ReceiveAsync(pair.Parent));
        Assert.Null(await ReceiveAsync(pair.Parent));
        Assert.Equal("Good night.", pair.Parent.EndReason);
        Assert.Null(await ReceiveAsync(pair.Child));
        Assert.Equal("Good night.", pair.Child.EndReason);
    }

    [Fact]
    public async Task Close_LongReason_IsCutAtAWholeCharacter()
    {
        await using LinkPair pair = await ConnectAsync();

        await pair.Child.CloseAsync(new string('ä', 100), CancellationToken.None).WaitAsync(Patience);

        Assert.Null(await ReceiveAsync(pair.Parent));
        Assert.Equal(new string('ä', LinkLimits.CloseReasonBytesMax / 2), pair.Parent.EndReason);
    }

    [Fact]
    public async Task Close_OfOneEnd_TheOtherStillSendsUntilItEnds()
    {
        await using LinkPair pair = await ConnectAsync();
        await pair.Child.CloseAsync("Done.", CancellationToken.None).WaitAsync(Patience);

        await pair.Parent.SendAsync(SampleFrames.Cancel(), CancellationToken.None);

        Assert.Equal(SampleFrames.Cancel(), await ReceiveAsync(pair.Child));
        Assert.Null(await ReceiveAsync(pair.Parent));
        Assert.Null(await ReceiveAsync(pair.Child));
    }

    [Fact]
    public async Task Send_AfterClose_SaysThatItIsClosed()
    {
        await using LinkPair pair = await ConnectAsync();
        await pair.Child.CloseAsync("Done.", CancellationToken.None).WaitAsync(Patience);

        await Assert.ThrowsAsync<LinkClosedException>(
            async () => await pair.Child.SendAsync(SampleFrames.Window(), CancellationToken.None));
    }

    [Fact]
    public async Task Dispose_OfOneEnd_EndsTheOther()
    {
        await using LinkPair pair = await ConnectAsync();
        Task<Frame?> receiving = ReceiveAsync(pair.Parent);

        await pair.Child.DisposeAsync();

        Assert.Null(await receiving);
        Assert.NotNull(pair.Parent.EndReason);
    }

    [Fact]
    public async Task Receive_Cancelled_EndsTheLink()
    {
        await using LinkPair pair = await ConnectAsync();
        using CancellationTokenSource stop = new();
        Task<Frame?> receiving = pair.Child.ReceiveAsync(stop.Token).AsTask();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving.WaitAsync(Patience));
        Assert.Null(await ReceiveAsync(pair.Parent));
    }

    internal abstract Task<LinkPair> ConnectAsync();

    private static Task<Frame?> ReceiveAsync(ILink link) =>
        link.ReceiveAsync(CancellationToken.None).AsTask().WaitAsync(Patience);

    internal sealed class LinkPair(ILink child, ILink parent, Func<ValueTask> dispose) : IAsyncDisposable
    {
        public ILink Child { get; } = child;

        public ILink Parent { get; } = parent;

        public async ValueTask DisposeAsync()
        {
            await Child.DisposeAsync();
            await Parent.DisposeAsync();
            await dispose();
        }
    }
}
