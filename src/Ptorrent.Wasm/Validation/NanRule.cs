namespace Ptorrent.Wasm.Validation;

/// <summary>How an instruction treats NaNs.</summary>
/// <param name="Accepts">The state of loose vectors that it may take; others must be made exact first.</param>
/// <param name="Result">The state of its result, where <paramref name="Follows"/> is false.</param>
/// <param name="Follows">Whether its result is as loose as its operands, because it copies bits.</param>
/// <param name="ShowsScalars">Whether it shows the bits of its scalar operands, which must then be exact.</param>
internal readonly record struct NanRule(
    NanState Accepts, NanState Result, bool Follows = false, bool ShowsScalars = false);
