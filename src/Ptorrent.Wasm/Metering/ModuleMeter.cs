using System.Globalization;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Inspection;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Rewrites modules so that they count the work they do and end when it is used up, in any engine by the same number
/// (docs/design/metering.md). Pure; may be called from any thread.
/// </summary>
public static class ModuleMeter
{
    /// <summary>The names of what the rewrite adds; a module may export nothing whose name begins like them.</summary>
    public const string FuelExport = "ptorrent_fuel", StackExport = "ptorrent_stack", StartExport = "ptorrent_start";

    private const string ReservedPrefix = "ptorrent_";
    private const int HeaderBytes = 8;

    /// <summary>Validates <paramref name="module"/> and rewrites it.</summary>
    /// <exception cref="WasmException">It is malformed, invalid, or uses a feature that is not offered.</exception>
    /// <exception cref="RefusedException">Its memory is larger at first than the options allow
    /// (<see cref="RefusalCode.TooMuchMemory"/>), or it exports a reserved name (
    /// <see cref="RefusalCode.InvalidValue"/>). </exception>
    public static MeteredModule Rewrite(ReadOnlySpan<byte> module, MeteringOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MemoryPagesMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MemoryPagesMax, WasmLimits.MemoryPagesHighest);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.StackUnitsMax, 1);
        (WasmModule parsed, FunctionSummary[] summaries) = ModuleValidator.Validate(module);
        CheckRules(parsed, options);
        (byte[] bytes, bool watchesNans) = Write(module, parsed, summaries, options);
        return new(bytes, ProgramInspector.Describe(parsed), watchesNans);
    }

    internal static void CheckExportNames(WasmModule module)
    {
        foreach (Export export in module.Exports)
        {
            if (export.Name.StartsWith(ReservedPrefix, StringComparison.Ordinal))
            {
                throw new RefusedException(new(
                    RefusalCode.InvalidValue,
                    "program",
                    export.Name,
                    $"a module may export nothing whose name begins with {ReservedPrefix}",
                    "Rename the export; a module that was metered already is rewritten from its original"));
            }
        }
    }

    private static void CheckRules(WasmModule module, MeteringOptions options)
    {
        CheckExportNames(module);
        if (module.Memories.Count > 0 && module.Memories[0].Min > (uint)options.MemoryPagesMax)
        {
            throw new RefusedException(new(
                RefusalCode.TooMuchMemory,
                "program",
                string.Create(CultureInfo.InvariantCulture, $"{module.Memories[0].Min} pages"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"its memory starts with more than the limit of {options.MemoryPagesMax} pages of 64 KiB"),
                "Raise the job's memory limit, or compile the program with a smaller initial memory"));
        }
    }

    private static (byte[] Bytes, bool WatchesNans) Write(
        ReadOnlySpan<byte> bytes, WasmModule module, FunctionSummary[] summaries, MeteringOptions options)
    {
        TypeAppender types = new(module);
        BranchHints hints = new();
        FunctionRewriter functions = new(
            module, new MeteringPlan(module, summaries), types, hints, options.WatchesNans);
        ModuleWriter code = WriteCode(bytes, module, summaries, functions);
        ModuleWriter output = new(HeaderBytes + bytes.Length + code.Length);
        output.WriteBytes(bytes[..HeaderBytes]);
        ModuleWriter section = new(1_024);
        SectionRewriter rewriter = new(module, options);
        rewriter.WriteTypes(bytes, types, section);
        Append(SectionId.Type, section, output);
        Copy(SectionId.Import, bytes, module, output);
        Copy(SectionId.Function, bytes, module, output);
        rewriter.WriteTables(section);
        Append(SectionId.Table, section, output);
        rewriter.WriteMemories(section);
        Append(SectionId.Memory, section, output);
        rewriter.WriteGlobals(bytes, section);
        Append(SectionId.Global, section, output);
        rewriter.WriteExports(bytes, section);
        Append(SectionId.Export, section, output);
        Copy(SectionId.Element, bytes, module, output);
        Copy(SectionId.DataCount, bytes, module, output);
        hints.Write(section);
        Append(SectionId.Custom, section, output);
        Append(SectionId.Code, code, output);
        Copy(SectionId.Data, bytes, module, output);
        return (output.ToArray(), functions.HasWatch);
    }

    private static ModuleWriter WriteCode(
        ReadOnlySpan<byte> bytes, WasmModule module, FunctionSummary[] summaries, FunctionRewriter functions)
    {
        ByteRange original = module.Sections[(int)SectionId.Code];
        ModuleWriter code = new(original.Length + (original.Length / 2));
        if (summaries.Length == 0)
        {
            return code;
        }

        code.WriteU32((uint)summaries.Length);
        for (int defined = 0; defined < summaries.Length; defined++)
        {
            functions.Rewrite(bytes, defined, summaries[defined], code);
        }

        return code;
    }

    private static void Copy(SectionId id, ReadOnlySpan<byte> bytes, WasmModule module, ModuleWriter output)
    {
        ByteRange range = module.Sections[(int)id];
        if (range.Length > 0)
        {
            output.WriteByte((int)id);
            output.WriteU32((uint)range.Length);
            output.WriteBytes(bytes[range.Start..range.End]);
        }
    }

    private static void Append(SectionId id, ModuleWriter section, ModuleWriter output)
    {
        if (section.Length > 0)
        {
            output.WriteByte((int)id);
            output.WriteU32((uint)section.Length);
            output.WriteBytes(section.Written);
            section.Clear();
        }
    }
}
