using Ptorrent.Wasm.Inspection;

namespace Ptorrent.Wasm.Metering;

/// <summary>A rewritten module (docs/protocol/executor.md, "What a metered module looks like").</summary>
/// <param name="Bytes">The rewritten module's bytes. The same input and options give the same bytes everywhere.</param>
/// <param name="Info">What the original is.</param>
/// <param name="WatchesNans">Whether it only watches for NaNs somewhere, as <see cref="MeteringOptions.WatchesNans"/>
/// allowed: then a run counts only if it ends well.</param>
public sealed record MeteredModule(ReadOnlyMemory<byte> Bytes, ModuleInfo Info, bool WatchesNans);
