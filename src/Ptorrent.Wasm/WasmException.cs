using System.Globalization;
using Ptorrent.Model;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Wasm;

/// <summary>
/// The bytes are no WebAssembly module that the sandbox takes: malformed, invalid, or made with a feature that is not
/// offered. Nothing else is ever thrown for the content of a module, apart from a <see cref="RefusedException"/> where
/// a well-formed module breaks a rule of the sandbox.
/// </summary>
public sealed class WasmException(RefusalCode code, long offset, string reason)
    : PtorrentException(string.Create(CultureInfo.InvariantCulture, $"module, byte {offset} (0x{offset:x}): {reason}"))
{
    /// <summary><see cref="RefusalCode.MalformedModule"/> or <see cref="RefusalCode.UnsupportedModule"/>.</summary>
    public RefusalCode Code { get; } = code;

    /// <summary>The byte of the module at which it was noticed.</summary>
    public long Offset { get; } = offset;

    /// <summary>What is wrong there, as a sentence without its full stop.</summary>
    public string Reason { get; } = reason;

    /// <inheritdoc/>
    public override bool IsTransient => false;

    /// <summary>The same as a refusal, for the edge where a person reads it.</summary>
    public Refusal Refusal => new(
        Code,
        "program",
        string.Empty,
        string.Create(CultureInfo.InvariantCulture, $"at byte {Offset} of the module: {Reason}"),
        Code == RefusalCode.UnsupportedModule
            ? "Compile it for WebAssembly 2.0 without threads: one 32-bit memory, no exceptions, no tail calls"
            : "Compile it again; the file may be damaged or cut off");
}
