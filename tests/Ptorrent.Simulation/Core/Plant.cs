using Ptorrent.Harbor.State;
using Ptorrent.Link.Frames;
using Ptorrent.Simulation.Nodes;

namespace Ptorrent.Simulation.Core;

/// <summary>A bug that a run of the simulator plants to see that it is caught. This one is none.</summary>
internal class Plant
{
    /// <summary>The harbor's disk.</summary>
    public virtual Disk MakeDisk(Schedule schedule, Dice dice, DiskOptions options) => new(schedule, dice, options);

    /// <summary>What the harbor does instead of what it would.</summary>
    /// <param name="cause">The event that it handled.</param>
    /// <param name="effect">What it would do.</param>
    public virtual HarborEffect Alter(HarborEvent? cause, HarborEffect effect) => effect;

    /// <summary>Changes a frame that came to the harbor, before it is looked at.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="granted">What was granted last on its link, or null.</param>
    public virtual void Tamper(Frame frame, Grant? granted)
    {
    }
}
