using Ptorrent.Harbor.Links;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Randomness;
using Ptorrent.Tests.Link;

namespace Ptorrent.Tests.Harbor;

/// <summary>
/// A peer that greets a harbor over a line in memory, then sends frames of any kind, many of them spoilt, and spoilt
/// answers to whatever it is granted, until its link ends or it has had enough.
/// </summary>
internal sealed class HostilePeer(LinkEndpoint links, Prng prng, ulong agent, bool takesWork)
{
    private const int FramesMax = 40;

    private readonly List<Grant> _grants = [];
    private readonly Lock _lock = new();

    /// <summary>Frames and other messages that were sent.</summary>
    public int SentCount { get; private set; }

    /// <summary>Lives once; gives the reason with which the link ended.</summary>
    public async Task<string?> LiveAsync(CancellationToken stop)
    {
        (LoopbackLink near, LoopbackLink far) = LoopbackLink.CreatePair();
        Task serving = links.ServeAsync(far, stop);
        await using (near)
        {
            Task reading = ReadAsync(near, stop);
            try
            {
                Frame hello = SampleFrames.Hello();
                hello.Hello.Agent = agent;
                await SendAsync(near, FrameCodec.Encode(hello), stop);
                for (int i = 0; i < FramesMax; i++)
                {
                    await SendAsync(near, Next(), stop);
                    await Task.Yield();
                }

                await near.CloseAsync("enough", stop);
                await reading;
            }
            catch (LinkClosedException)
            {
                await reading;
            }
        }

        await serving;
        return near.EndReason;
    }

    private async Task SendAsync(LoopbackLink near, byte[] bytes, CancellationToken stop)
    {
        if (!takesWork && OpensItsWindow(bytes))
        {
            return;
        }

        await near.SendBytesAsync(bytes, stop);
        SentCount++;
    }

    /// <summary>Whether it would get work by this.</summary>
    private static bool OpensItsWindow(byte[] bytes)
    {
        try
        {
            return FrameCodec.Decode(bytes).Window is { Fuel: > 0 };
        }
        catch (LinkProtocolException)
        {
            return false;
        }
    }

    private async Task ReadAsync(LoopbackLink near, CancellationToken stop)
    {
        while (await near.ReceiveAsync(stop) is { } frame)
        {
            if (frame.Grant is { } grant)
            {
                lock (_lock)
                {
                    _grants.Add(grant);
                }
            }
        }
    }

    /// <summary>A frame of a recording or an answer to a grant, as it is or spoilt.</summary>
    private byte[] Next()
    {
        (string Name, Frame Frame)[] samples = [.. SampleFrames.All()];
        Frame frame = samples[prng.Below(samples.Length)].Frame;
        lock (_lock)
        {
            if (_grants.Count > 0 && prng.Below(2) == 0)
            {
                frame = Answer(_grants[(int)prng.Below(_grants.Count)]);
            }
        }

        byte[] bytes = FrameCodec.Encode(frame);
        return prng.Below(3) switch
        {
            0 => bytes,
            1 => bytes[..(int)prng.Below(bytes.Length)],
            _ => Spoil(bytes),
        };
    }

    private Frame Answer(Grant grant)
    {
        Frame frame = prng.Below(4) switch
        {
            0 => SampleFrames.Nack(grant.Lease),
            1 => SampleFrames.NackOfFailure(grant.Lease, grant.Begin),
            2 => SampleFrames.CommitOfBlob(),
            _ => SampleFrames.Commit(grant.Lease, grant.Begin + 1 + prng.Below(grant.End - grant.Begin), grant.Epoch),
        };
        if (frame.Nack is { } nack)
        {
            nack.Epoch = grant.Epoch;
        }
        else
        {
            frame.Commit.Lease = grant.Lease;
            frame.Commit.Epoch = grant.Epoch;
        }

        return frame;
    }

    private byte[] Spoil(byte[] bytes)
    {
        for (long change = prng.Below(4); change >= 0 && bytes.Length > 0; change--)
        {
            bytes[prng.Below(bytes.Length)] = (byte)prng.Below(256);
        }

        return bytes;
    }
}
