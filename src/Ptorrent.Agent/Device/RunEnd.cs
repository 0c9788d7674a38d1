using Ptorrent.Link.Frames;
using Ptorrent.Model.Units;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Agent.Device;

/// <summary>The end of a run or a merge.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Segment">Its combined output, where it ended well.</param>
/// <param name="Burnt">The fuel that it burnt, where it ended well.</param>
/// <param name="Busy">How long the executor worked on it, where it ended well.</param>
/// <param name="Failure">Whose fault it was, where the program failed.</param>
/// <param name="Reason">What the harbor is told, where it was impossible.</param>
/// <param name="Detail">For people, where it was lost or impossible.</param>
internal readonly record struct RunEnd(
    RunEndKind Kind,
    ReadOnlyMemory<byte> Segment = default,
    Fuel Burnt = default,
    TimeSpan Busy = default,
    ModelFailure? Failure = null,
    NackReason Reason = default,
    string? Detail = null);
