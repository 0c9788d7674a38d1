using Ptorrent.Simulation.Core;

namespace Ptorrent.Simulation.Network;

/// <summary>
/// A connection as TCP gives one: bytes arrive in order or not at all. Each direction has a delay, a speed, a bounded
/// buffer, and may be cut for a while. A line that dies loses what is on its way, and each end notices in its own time.
/// </summary>
internal sealed class Wire
{
    private readonly Schedule _schedule;
    private readonly Dice _dice;
    private readonly NetworkOptions _options;
    private readonly Direction _up;
    private readonly Direction _down;
    private bool _isDead;

    public Wire(Schedule schedule, Dice dice, NetworkOptions options)
    {
        _schedule = schedule;
        _dice = dice;
        _options = options;
        Child = new WireEnd(this, isChild: true);
        Parent = new WireEnd(this, isChild: false);
        _up = new Direction(Parent, Child);
        _down = new Direction(Child, Parent);
    }

    /// <summary>The agent's end.</summary>
    public WireEnd Child { get; }

    /// <summary>The harbor's end.</summary>
    public WireEnd Parent { get; }

    /// <summary>Whether nothing gets through any more.</summary>
    public bool IsDead => _isDead;

    internal bool HasRoom(bool fromChild) => (fromChild ? _up : _down).Bytes < _options.BufferBytesMax;

    internal void Send(bool fromChild, byte[] message, string? reason)
    {
        if (_isDead)
        {
            return;
        }

        Direction direction = fromChild ? _up : _down;
        TimeSpan sending = TimeSpan.FromSeconds(message.Length / _options.BytesPerSecond);
        direction.SentAt = (direction.SentAt > _schedule.Now ? direction.SentAt : _schedule.Now) + sending;
        TimeSpan arrival = direction.SentAt + _options.DelayMin + _dice.Wait(_options.DelayMean);
        if (arrival < direction.LastArrival)
        {
            arrival = direction.LastArrival;
        }

        direction.LastArrival = arrival;
        direction.Bytes += message.Length;
        direction.Messages.Enqueue((message, reason, arrival));
        if (direction.Messages.Count == 1)
        {
            Arrange(direction);
        }
    }

    /// <summary>Cuts one direction: what is in it waits until then. A time that is over heals it.</summary>
    public void Cut(bool fromChild, TimeSpan until)
    {
        Direction direction = fromChild ? _up : _down;
        direction.CutUntil = until;
        Arrange(direction);
    }

    /// <summary>The line dies; each end notices within the given time, or does not where that is null.</summary>
    public void Break(TimeSpan? childNotices, TimeSpan? parentNotices)
    {
        if (_isDead)
        {
            return;
        }

        _isDead = true;
        _up.Messages.Clear();
        _down.Messages.Clear();
        Notice(Child, childNotices);
        Notice(Parent, parentNotices);
    }

    /// <summary>The line dies, and each end notices some time within the bound.</summary>
    public void Break() =>
        Break(
            _dice.Between(TimeSpan.Zero, _options.NoticeTimeMax),
            _dice.Between(TimeSpan.Zero, _options.NoticeTimeMax));

    internal void Resume(bool toChild)
    {
        Direction direction = toChild ? _down : _up;
        if (direction.IsHeld)
        {
            direction.IsHeld = false;
            Arrange(direction);
        }
    }

    private void Notice(WireEnd end, TimeSpan? after)
    {
        if (after is { } time)
        {
            _schedule.After(time, () => end.End("The line broke."));
        }
    }

    private void Arrange(Direction direction)
    {
        if (!direction.Messages.TryPeek(out (byte[] Message, string? Reason, TimeSpan Arrival) next))
        {
            return;
        }

        direction.Alarm?.Cancel();
        TimeSpan at = next.Arrival > direction.CutUntil ? next.Arrival : direction.CutUntil;
        direction.Alarm = _schedule.At(at, () => Arrive(direction));
    }

    private void Arrive(Direction direction)
    {
        if (_isDead)
        {
            return;
        }

        if (direction.Receiver.IsPaused)
        {
            direction.IsHeld = true;
            return;
        }

        bool hadRoom = direction.Bytes < _options.BufferBytesMax;
        (byte[] message, string? reason, _) = direction.Messages.Dequeue();
        direction.Bytes -= message.Length;
        Arrange(direction);
        direction.Receiver.Deliver(message, reason);
        if (!hadRoom && direction.Bytes < _options.BufferBytesMax)
        {
            direction.Sender.RoomMade?.Invoke();
        }
    }

    private sealed class Direction(WireEnd receiver, WireEnd sender)
    {
        public WireEnd Receiver { get; } = receiver;

        public WireEnd Sender { get; } = sender;

        public Queue<(byte[] Message, string? Reason, TimeSpan Arrival)> Messages { get; } = new();

        public long Bytes { get; set; }

        public TimeSpan SentAt { get; set; }

        public TimeSpan LastArrival { get; set; }

        public TimeSpan CutUntil { get; set; }

        public bool IsHeld { get; set; }

        public Alarm? Alarm { get; set; }
    }
}
