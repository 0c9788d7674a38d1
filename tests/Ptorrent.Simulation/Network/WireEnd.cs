namespace Ptorrent.Simulation.Network;

/// <summary>One end of a connection.</summary>
internal sealed class WireEnd(Wire wire, bool isChild)
{
    private string? _endReason;

    /// <summary>Called with each message, in order.</summary>
    public Action<byte[]>? Received { get; set; }

    /// <summary>Called once, when this end learns that the connection is over.</summary>
    public Action<string>? Ended { get; set; }

    /// <summary>Called when there is room again.</summary>
    public Action? RoomMade { get; set; }

    /// <summary>Whether a message may be sent now.</summary>
    public bool HasRoom => _endReason is null && wire.HasRoom(isChild);

    /// <summary>Whether this end knows that the connection is over.</summary>
    public bool IsOver => _endReason is not null;

    /// <summary>Whether this end reads nothing at present.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Stops or goes on reading; what comes meanwhile waits in the line.</summary>
    public void Pause(bool isPaused)
    {
        IsPaused = isPaused;
        if (!isPaused)
        {
            wire.Resume(toChild: isChild);
        }
    }

    /// <summary>Sends a message; there is room. What is sent on a dead line is lost.</summary>
    public void Send(byte[] message) => wire.Send(isChild, message, reason: null);

    /// <summary>Ends the connection after what was sent; the other end hears the reason.</summary>
    public void Close(string reason)
    {
        wire.Send(isChild, [], reason);
        _endReason = reason;
        Received = null;
        Ended = null;
    }

    /// <summary>Says that nothing more is sent, and goes on reading until the other end ends too.</summary>
    public void Finish(string reason) => wire.Send(isChild, [], reason);

    /// <summary>This end's process is gone: it hears nothing any more.</summary>
    public void Forget()
    {
        _endReason ??= "gone";
        Received = null;
        Ended = null;
        RoomMade = null;
    }

    internal void Deliver(byte[] message, string? reason)
    {
        if (reason is not null)
        {
            End(reason);
        }
        else
        {
            Received?.Invoke(message);
        }
    }

    internal void End(string reason)
    {
        if (_endReason is null)
        {
            _endReason = reason;
            Ended?.Invoke(reason);
        }
    }
}
