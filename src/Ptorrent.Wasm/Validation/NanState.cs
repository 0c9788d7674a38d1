namespace Ptorrent.Wasm.Validation;

/// <summary>What is known of the bits of an operand or a local.</summary>
internal enum NanState : byte
{
    /// <summary>They are the same in every engine, and must stay as they are: they may be a NaN with a payload, or no
    /// float.</summary>
    Exact = 0,

    /// <summary>Exact, and certainly no NaN: a scalar that is a number, or a vector of zeros.</summary>
    Number = 1,

    /// <summary>A scalar: if it is a NaN, its bits are the engine's choice.</summary>
    Loose = 2,

    /// <summary>A vector: the same holds for each of its four f32 lanes.</summary>
    LooseLanes32 = 3,

    /// <summary>A vector: the same holds for each of its two f64 lanes.</summary>
    LooseLanes64 = 4,

    /// <summary>It would be sometimes one, sometimes another: whatever is loose must be made exact before it comes
    /// together.</summary>
    Conflict = 5,
}
