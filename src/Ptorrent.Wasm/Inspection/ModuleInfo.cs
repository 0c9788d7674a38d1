using System.Collections.Immutable;
using Ptorrent.Model.Programs;

namespace Ptorrent.Wasm.Inspection;

/// <summary>What a module is, as far as a user or the sandbox wants to know.</summary>
public sealed record ModuleInfo
{
    /// <summary>What its exports make it; <see cref="ProgramKind.Unknown"/> where they make it no program.</summary>
    public required ProgramKind Kind { get; init; }

    /// <summary>Whether it exports <c>merge</c>, a function () → ().</summary>
    public required bool HasMerge { get; init; }

    /// <summary>Whether it has a start function, exported as <c>ptorrent_start</c> after the rewrite.</summary>
    public required bool HasStart { get; init; }

    /// <summary>Functions that it defines.</summary>
    public required int FunctionCount { get; init; }

    /// <summary>Pages of 64 KiB that its memory has at first; 0 where it has no memory.</summary>
    public required int MemoryPagesMin { get; init; }

    /// <summary>Pages that its memory may grow to; null where it does not say.</summary>
    public required int? MemoryPagesMax { get; init; }

    /// <summary>The functions that it imports, as <c>module.name</c>, in its order.</summary>
    public required ImmutableArray<string> Imports { get; init; }
}
