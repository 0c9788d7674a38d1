namespace Ptorrent.Wasm.Metering;

/// <summary>A place in a function's code where fuel is taken.</summary>
internal struct ChargePoint
{
    /// <summary>The byte of the module before which the charge goes.</summary>
    public int Offset;

    /// <summary>Fuel for everything that runs exactly as often as this place is passed.</summary>
    public long Cost;

    /// <summary>Whether it is the head of a loop: there the fuel is also checked.</summary>
    public bool IsLoop;
}
