namespace Ptorrent.Wasm.Validation;

/// <summary>How an instruction treats NaNs.</summary>
/// <param name="Accepts">The state of vectors that it may take as they are; other loose ones must be made exact first.</param>
/// <param name="Result">The state of its result, where <paramref name="Follows"/> is false.</param>
/// <param name="Follows">Whether its result is as loose as its operands: it copies bits, sign apart.</param>
/// <param name="ShowsTop">Whether it shows the bits of the scalar on top, which must then be exact.</param>
internal readonly record struct NanRule(NanState Accepts, NanState Result, bool Follows = false, bool ShowsTop = false);
