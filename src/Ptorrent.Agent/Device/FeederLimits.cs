namespace Ptorrent.Agent.Device;

/// <summary>How a feeder cuts runs.</summary>
internal sealed record FeederLimits
{
    /// <summary>Runs with the executor: the one at work and the one that is there when that ends. Default 2.</summary>
    public int RunsInFlight { get; init; } = 2;

    /// <summary>The shortest run that is worth its call. Default 2 ms.</summary>
    public TimeSpan RunTimeMin { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// The longest run. It keeps calls short, so that V8 puts optimised code in place (it replaces no function that is
    /// running) and cancelling is quick. Default 80 ms.
    /// </summary>
    public TimeSpan RunTimeMax { get; init; } = TimeSpan.FromMilliseconds(80);

    /// <summary>The share of what the core has that one run takes, so that runs shrink towards the end and there is
    /// something left for others to take. Default a quarter.</summary>
    public double RunShare { get; init; } = 0.25;

    /// <summary>Inputs of one run together, in bytes, where they are more than one. An executor keeps its memory for
    /// frames of such a size, and the first of them need not wait for many others. Default 4 MiB.</summary>
    public long InputBytesMax { get; init; } = 4L << 20;
}
