using System.Buffers;
using Google.Protobuf;
using Ptorrent.Model;

namespace Ptorrent.Link.Frames;

/// <summary>
/// Frames to bytes and back. What comes out of <see cref="Decode"/> keeps every rule that one frame must keep by
/// itself; what may follow what is the business of <see cref="Sessions.LinkSession"/>.
/// </summary>
public static class FrameCodec
{
    /// <summary>The frame's bytes in a new array.</summary>
    /// <exception cref="InvariantException">The frame breaks a rule or is larger than
    /// <see cref="LinkLimits.FrameBytesMax"/>: a bug of the sender.</exception>
    public static byte[] Encode(Frame frame)
    {
        Check(frame);
        return frame.ToByteArray();
    }

    /// <summary>The frame's bytes at the front of an array from the shared pool, which the caller gives back.</summary>
    /// <exception cref="InvariantException">As for <see cref="Encode"/>.</exception>
    public static byte[] EncodeToPool(Frame frame, out int length)
    {
        length = Check(frame);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        frame.WriteTo(bytes.AsSpan(0, length));
        return bytes;
    }

    /// <summary>Reads one frame, all of <paramref name="bytes"/>. Keeps no reference to them.</summary>
    /// <exception cref="LinkProtocolException">They are too many, are no frame, or the frame breaks a rule; the
    /// message names the frame and the rule.</exception>
    public static Frame Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LinkLimits.FrameBytesMax)
        {
            throw new LinkProtocolException(
                LinkFault.FrameTooLarge,
                $"A frame has at most {LinkLimits.FrameBytesMax} bytes, this one {bytes.Length}.");
        }

        Frame frame;
        try
        {
            frame = Frame.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new LinkProtocolException(LinkFault.NotAFrame, "The bytes are no frame.", exception);
        }

        return FrameRules.Check(frame) is { } broken
            ? throw new LinkProtocolException(LinkFault.FrameInvalid, $"{frame.BodyCase}: {broken}.")
            : frame;
    }

    /// <summary>Sees to it that a frame may be sent; returns its length.</summary>
    private static int Check(Frame frame)
    {
        int length = frame.CalculateSize();
        Invariant.Holds(length <= LinkLimits.FrameBytesMax, $"a frame of {length} bytes does not fit");
        return FrameRules.Check(frame) is { } broken
            ? throw new InvariantException($"{frame.BodyCase}: {broken}.")
            : length;
    }
}
