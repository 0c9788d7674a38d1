namespace Ptorrent.Wasm.Validation;

/// <summary>What is known of the bits of an operand or a local.</summary>
internal enum NanState : byte
{
    /// <summary>They are the same in every engine.</summary>
    Exact = 0,

    /// <summary>A scalar: if it is a NaN, its bits are the engine's choice.</summary>
    Loose = 1,

    /// <summary>A vector: the same holds for each of its four f32 lanes.</summary>
    LooseLanes32 = 2,

    /// <summary>A vector: the same holds for each of its two f64 lanes.</summary>
    LooseLanes64 = 3,

    /// <summary>Of a local only: it is given loose lanes of both kinds, so they are made exact when it is set.</summary>
    ExactWhenSet = 4,
}
