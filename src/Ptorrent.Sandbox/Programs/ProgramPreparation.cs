using System.Globalization;
using System.Text.Unicode;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm;
using Ptorrent.Wasm.Inspection;
using Ptorrent.Wasm.Metering;

namespace Ptorrent.Sandbox.Programs;

/// <summary>Checks and meters a program. Pure; the work of some milliseconds a megabyte.</summary>
internal static class ProgramPreparation
{
    private const int ScriptBytesMax = 64 << 20;
    private const int PageBytes = 64 * 1024;

    /// <summary>Makes what executors load.</summary>
    /// <param name="load">The program.</param>
    /// <param name="memoryBytesMax">The most memory that this device gives to a program.</param>
    /// <exception cref="RefusedException">The program cannot run here; says why.</exception>
    internal static SandboxProgram Prepare(ProgramLoad load, long memoryBytesMax)
    {
        Invariant.Holds(load.Seed.Length == ProgramLoad.SeedBytes);
        Invariant.Holds(load.Mode is RunMode.Range or RunMode.Item);
        if (load.Limits.MemoryBytesMax > memoryBytesMax)
        {
            // To give it less than it asked for would make its result depend on the device.
            throw new RefusedException(new Refusal(
                RefusalCode.TooMuchMemory,
                "memory-max",
                string.Create(CultureInfo.InvariantCulture, $"{load.Limits.MemoryBytesMax} bytes"),
                string.Create(
                    CultureInfo.InvariantCulture, $"this device gives a program at most {memoryBytesMax} bytes"),
                "Lower the program's memory limit"));
        }

        return load.Kind switch
        {
            ProgramKind.Script => new SandboxProgram(load, CheckScript(load)),
            ProgramKind.Wasi or ProgramKind.Kernel => Meter(load),
            _ => throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue,
                "program",
                load.Name,
                "the kind of program is wasi, kernel or script",
                string.Empty)),
        };
    }

    private static ReadOnlyMemory<byte> CheckScript(ProgramLoad load)
    {
        if (load.Code.Length is 0 or > ScriptBytesMax || !Utf8.IsValid(load.Code.Span))
        {
            throw new RefusedException(new Refusal(
                RefusalCode.MalformedScript,
                "program",
                load.Name,
                $"a script is UTF-8 text of at most {ScriptBytesMax >> 20} MiB",
                "Save it as UTF-8"));
        }

        return load.Code;
    }

    private static SandboxProgram Meter(ProgramLoad load)
    {
        try
        {
            ModuleInfo info = ProgramInspector.Inspect(load.Code.Span);
            if (info.Kind != load.Kind)
            {
                throw new RefusedException(new Refusal(
                    RefusalCode.MissingExport,
                    "program",
                    load.Name,
                    $"its exports make the module a {info.Kind}, and the job calls it a {load.Kind}".ToLowerInvariant(),
                    "Name its kind as its exports do"));
            }

            MeteringOptions exact = new() { MemoryPagesMax = (int)(load.Limits.MemoryBytesMax / PageBytes) };
            MeteredModule metered = ModuleMeter.Rewrite(load.Code.Span, exact with { WatchesNans = true });
            return new SandboxProgram(
                load,
                new ProgramForm(metered.Bytes, metered.WatchesNans),
                () => ModuleMeter.Rewrite(load.Code.Span, exact).Bytes);
        }
        catch (WasmException unfit)
        {
            throw new RefusedException(unfit.Refusal, unfit);
        }
    }
}
