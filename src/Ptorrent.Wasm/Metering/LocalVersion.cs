using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>A value that a local has: what it has at first, what one instruction sets, or what comes together at a
/// label.
/// </summary>
internal sealed class LocalVersion
{
    /// <summary>What is known of its bits.</summary>
    public NanState State { get; set; } = NanState.Number;

    /// <summary>Whether it must be exact, because it comes together with what is exact.</summary>
    public bool MustBeExact { get; set; }

    /// <summary>Whether an instruction reads it, itself or through a label.</summary>
    public bool IsRead { get; set; }

    /// <summary>The versions that come together here; null for one that is set.</summary>
    public List<LocalVersion>? Sources { get; init; }

    /// <summary>What an instruction that reads it gets.</summary>
    public NanState ReadState => MustBeExact || State == NanState.Conflict ? NanState.Exact : State;
}
