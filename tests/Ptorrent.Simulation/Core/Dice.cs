using Ptorrent.Model.Randomness;

namespace Ptorrent.Simulation.Core;

/// <summary>Chance from one seed. Each part of the world has dice of its own, so that what one draws does not change
/// another's.</summary>
internal sealed class Dice(ulong seed)
{
    private readonly Prng _prng = new(seed);

    /// <summary>Dice for a part of the world.</summary>
    public Dice Fork() => new(_prng.Next());

    /// <summary>A generator for whoever takes one.</summary>
    public Prng ForkPrng() => new(_prng.Next());

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public long Between(long least, long most) => least + _prng.Below(most - least + 1);

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public int Between(int least, int most) => (int)Between((long)least, most);

    /// <summary>A number from 0 up to but not including 1.</summary>
    public double Unit() => (_prng.Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number between two.</summary>
    public double Between(double least, double most) => least + ((most - least) * Unit());

    /// <summary>A number between two, each magnitude equally likely; both above zero.</summary>
    public double BetweenMagnitudes(double least, double most) => least * Math.Pow(most / least, Unit());

    /// <summary>A time between two.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) => new(Between(least.Ticks, most.Ticks));

    /// <summary>Whether something of this likelihood happens.</summary>
    public bool Happens(double likelihood) => Unit() < likelihood;

    /// <summary>A wait of this mean, exponentially distributed.</summary>
    public TimeSpan Wait(TimeSpan mean) => mean * -Math.Log(1 - Unit());

    /// <summary>One of several.</summary>
    public T Of<T>(params ReadOnlySpan<T> choices) => choices[Between(0, choices.Length - 1)];

    /// <summary>Some bytes.</summary>
    public byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _prng.Fill(bytes);
        return bytes;
    }

    /// <summary>A draw of the Weibull distribution.</summary>
    public double Weibull(double shape, double scale) => scale * Math.Pow(-Math.Log(1 - Unit()), 1 / shape);

    /// <summary>A draw of the normal distribution. Source: G. E. P. Box and M. E. Muller, 1958.</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - Unit())) * Math.Cos(2 * Math.PI * Unit());

    /// <summary>A draw of the log-normal distribution.</summary>
    public double LogNormal(double mu, double sigma) => Math.Exp(mu + (sigma * Normal()));
}
