namespace Ptorrent.Model.Units;

/// <summary>How fast something computes, in fuel a second of one core. Above zero.</summary>
public readonly record struct ComputeRate(double FuelPerSecond)
{
    /// <summary>
    /// What is assumed of a core before it has been measured. WebAssembly is a stack machine, so that an engine turns
    /// about five of its instructions into one of the processor's: a core of 2020 burns some 20,000 million a second.
    /// </summary>
    public static ComputeRate Nominal => new(2e10);

    /// <summary>The fuel burnt in <paramref name="time"/>, rounded down, at least one.</summary>
    public Fuel FuelIn(TimeSpan time) =>
        new(Math.Max(1, (long)Math.Min(FuelPerSecond * time.TotalSeconds, long.MaxValue / 2)));

    /// <summary>The time that <paramref name="fuel"/> takes; bounded to a hundred years.</summary>
    public TimeSpan TimeFor(Fuel fuel) =>
        TimeSpan.FromSeconds(Math.Min(fuel.Units / FuelPerSecond, 3e9));
}
