using System.Collections.Immutable;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm.Metering;
using Ptorrent.Wasm.Modules;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Inspection;

/// <summary>Says what kind of program a module is, and whether the sandbox can run it. Pure; for any thread.</summary>
public static class ProgramInspector
{
    private const string StartExport = "_start";
    private const string RunExport = "run";
    private const string MergeExport = "merge";
    private const string MemoryExport = "memory";

    private static readonly FunctionType NothingToNothing = new([], []);
    private static readonly FunctionType RunType = new([WasmType.I64, WasmType.I64], []);

    /// <summary>Validates <paramref name="module"/> and checks its exports and imports against what the sandbox offers
    /// (docs/protocol/executor.md, "What a program can import").</summary>
    /// <exception cref="WasmException">It is malformed, invalid, or uses a feature that is not offered.</exception>
    /// <exception cref="RefusedException">It is a valid module, but no program (
    /// <see cref="RefusalCode.MissingExport"/>), or imports what is not there (<see
    /// cref="RefusalCode.UnknownImport"/>), or exports a reserved name (<see
    /// cref="RefusalCode.InvalidValue"/>).</exception>
    public static ModuleInfo Inspect(ReadOnlySpan<byte> module)
    {
        (WasmModule parsed, _) = ModuleValidator.Validate(module);
        ModuleMeter.CheckExportNames(parsed);
        CheckExports(parsed);
        ModuleInfo info = Describe(parsed);
        CheckImports(parsed, info.Kind);
        return info;
    }

    internal static ModuleInfo Describe(WasmModule module)
    {
        bool isWasi = HasFunction(module, StartExport, NothingToNothing);
        bool isKernel = !isWasi && HasFunction(module, RunExport, RunType);
        SizeRange memory = module.Memories.Count > 0 ? module.Memories[0] : default;
        return new()
        {
            Kind = isWasi ? ProgramKind.Wasi : isKernel ? ProgramKind.Kernel : ProgramKind.Unknown,
            HasMerge = HasFunction(module, MergeExport, NothingToNothing),
            HasStart = module.StartFunction is not null,
            FunctionCount = module.Bodies.Count,
            MemoryPagesMin = (int)memory.Min,
            MemoryPagesMax = (int?)memory.Max,
            Imports = [.. module.Imports.Select(import => $"{import.Module}.{import.Name}")],
        };
    }

    private static Export? FindExport(WasmModule module, string name, ExternalKind kind)
    {
        foreach (Export export in module.Exports)
        {
            if (export.Kind == kind && export.Name == name)
            {
                return export;
            }
        }

        return null;
    }

    private static bool HasFunction(WasmModule module, string name, FunctionType type) =>
        FindExport(module, name, ExternalKind.Function) is { } export
        && module.TypeOfFunction(export.Index).Equals(type);

    private static void CheckExports(WasmModule module)
    {
        bool hasStart = FindExport(module, StartExport, ExternalKind.Function) is not null;
        (string name, FunctionType type) = hasStart ? (StartExport, NothingToNothing) : (RunExport, RunType);
        if (FindExport(module, name, ExternalKind.Function) is not { } main)
        {
            throw Missing(
                $"{StartExport} or {RunExport}",
                "a program exports the function _start (a WASI command) or run (a kernel)",
                FindExport(module, "_initialize", ExternalKind.Function) is null
                    ? "Compile it as a command for WASI preview 1, or export run(begin i64, end i64) from a kernel"
                    : "It was compiled as a WASI reactor (a library): compile it as a command");
        }

        CheckType(module, main, type);
        if (FindExport(module, MergeExport, ExternalKind.Function) is { } merge && !hasStart)
        {
            CheckType(module, merge, NothingToNothing);
        }

        if (FindExport(module, MemoryExport, ExternalKind.Memory) is null)
        {
            throw Missing(
                MemoryExport,
                "a program exports its memory under the name memory",
                "Export the memory, for example with --export-memory");
        }
    }

    private static void CheckType(WasmModule module, Export export, FunctionType type)
    {
        FunctionType actual = module.TypeOfFunction(export.Index);
        if (!actual.Equals(type))
        {
            throw Missing(
                export.Name,
                $"export {export.Name} is a function {actual}, it must be {type}",
                "Change its parameters and results");
        }
    }

    private static RefusedException Missing(string name, string rule, string remedy) =>
        new(new(RefusalCode.MissingExport, "program", name, rule, remedy));

    private static void CheckImports(WasmModule module, ProgramKind kind)
    {
        bool isWasi = kind == ProgramKind.Wasi;
        ImmutableDictionary<string, FunctionType> offered = isWasi ? OfferedImports.Wasi : OfferedImports.Kernel;
        string from = isWasi ? OfferedImports.WasiModule : OfferedImports.KernelModule;
        foreach (FunctionImport import in module.Imports)
        {
            string name = $"{import.Module}.{import.Name}";
            if (import.Module != from || !offered.TryGetValue(import.Name, out FunctionType? type))
            {
                throw Unknown(name, $"the sandbox offers a {Word(kind)} no such function", RemedyFor(import, kind));
            }

            FunctionType actual = module.Types[import.TypeIndex];
            if (!actual.Equals(type))
            {
                throw Unknown(name, $"it is imported as {actual}, but it is {type}", "Correct its declaration");
            }
        }
    }

    private static string Word(ProgramKind kind) => kind == ProgramKind.Wasi ? "WASI command" : "kernel";

    private static RefusedException Unknown(string name, string rule, string remedy) =>
        new(new(RefusalCode.UnknownImport, "program", name, rule, remedy));

    private static string RemedyFor(FunctionImport import, ProgramKind kind) => (import.Module, kind) switch
    {
        (OfferedImports.WasiModule, ProgramKind.Kernel) =>
            "A kernel has no WASI: compile it without a library that needs one, or make it a WASI command with _start",
        ("wasi_unstable", _) =>
            "Compile it for WASI preview 1 (wasm32-wasi, wasm32-wasip1): this is the snapshot before it",
        ("wasi", _) when import.Name == "thread-spawn" => "Threads are not offered: compile without them",
        (OfferedImports.WasiModule or OfferedImports.KernelModule, _) => "Leave out what needs it",
        ("wbg" or "__wbindgen_placeholder__", _) =>
            "It was made for a JavaScript host with wasm-bindgen: compile it for WASI preview 1 (wasm32-wasip1)",
        ("go" or "gojs", _) => "It was made for a JavaScript host: compile it with GOOS=wasip1 GOARCH=wasm",
        ("env", ProgramKind.Wasi) =>
            "A function was not linked or belongs to another host: compile for WASI preview 1 and link everything",
        _ when import.Module.StartsWith("wasi:", StringComparison.Ordinal) =>
            "It was made for WASI 0.2: compile it for WASI preview 1 (wasm32-wasip1)",
        (_, ProgramKind.Wasi) => "Compile it for WASI preview 1",
        _ => "A kernel imports functions of the module ptorrent only",
    };
}
