using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Modules;

/// <summary>
/// Reads a module's sections (WebAssembly 2.0, section 5.5), code apart: functions' bodies are only found. Custom
/// sections are checked for their form and then left out, names included: nothing of them reaches a sharer's machine.
/// </summary>
internal static class ModuleParser
{
    private const int HeaderBytes = 8;
    private const uint Magic = 0x6D736100;
    private const uint Version = 1;

    // The order in which sections must come: that of their numbers, but data count stands before code.
    private static readonly SectionId[] Order =
    [
        SectionId.Type, SectionId.Import, SectionId.Function, SectionId.Table, SectionId.Memory, SectionId.Global,
        SectionId.Export, SectionId.Start, SectionId.Element, SectionId.DataCount, SectionId.Code, SectionId.Data,
    ];

    public static WasmModule Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > WasmLimits.ModuleBytesMax)
        {
            throw ModuleReader.Unsupported(0, $"the module is larger than {WasmLimits.ModuleBytesMax} bytes");
        }

        ModuleReader reader = new(bytes, 0, bytes.Length);
        ReadHeader(ref reader);
        WasmModule module = new();
        int next = 0;
        while (!reader.AtEnd)
        {
            int at = reader.Position;
            byte id = reader.ReadByte();
            int size = ReadSize(ref reader);
            ModuleReader section = reader.Window(size, "a section");
            if (id == (byte)SectionId.Custom)
            {
                section.ReadName();
                continue;
            }

            int place = Array.IndexOf(Order, (SectionId)id);
            if (place < 0)
            {
                throw id == 13
                    ? ModuleReader.Unsupported(at, "exception handling is not offered")
                    : ModuleReader.Malformed(at, $"there is no section {id}");
            }

            if (place < next)
            {
                throw ModuleReader.Malformed(at, $"section {id} is repeated or in the wrong place");
            }

            next = place + 1;
            module.Sections[id] = new(section.Position, section.End);
            ReadSection((SectionId)id, ref section, module);
            if (!section.AtEnd)
            {
                throw ModuleReader.Malformed(section.Position, $"section {id} is longer than its content");
            }
        }

        CheckCounts(module, reader.Position);
        return module;
    }

    private static void ReadHeader(ref ModuleReader reader)
    {
        if (reader.Remaining < HeaderBytes || reader.ReadFixedU32() != Magic)
        {
            throw ModuleReader.Malformed(0, "this is no WebAssembly module");
        }

        uint version = reader.ReadFixedU32();
        if (version != Version)
        {
            throw version >> 16 == 1
                ? ModuleReader.Unsupported(4, "this is a component (WASI 0.2 or later), not a module")
                : ModuleReader.Malformed(4, $"there is no version {version}");
        }
    }

    private static int ReadSize(ref ModuleReader reader)
    {
        int at = reader.Position;
        uint size = reader.ReadU32();
        return size <= (uint)reader.Remaining
            ? (int)size
            : throw ModuleReader.Malformed(at, $"a section of {size} bytes is longer than the bytes that are left");
    }

    private static void ReadSection(SectionId id, ref ModuleReader section, WasmModule module)
    {
        switch (id)
        {
            case SectionId.Type:
                DeclarationParser.ReadTypes(ref section, module);
                break;
            case SectionId.Import:
                DeclarationParser.ReadImports(ref section, module);
                break;
            case SectionId.Function:
                DeclarationParser.ReadFunctions(ref section, module);
                break;
            case SectionId.Table:
                DeclarationParser.ReadTables(ref section, module);
                break;
            case SectionId.Memory:
                DeclarationParser.ReadMemories(ref section, module);
                break;
            case SectionId.Global:
                DeclarationParser.ReadGlobals(ref section, module);
                break;
            case SectionId.Export:
                DeclarationParser.ReadExports(ref section, module);
                break;
            case SectionId.Start:
                DeclarationParser.ReadStart(ref section, module);
                break;
            case SectionId.Element:
                SegmentParser.ReadElements(ref section, module);
                break;
            case SectionId.DataCount:
                module.DeclaredDataCount = (int)Math.Min(section.ReadU32(), int.MaxValue);
                break;
            case SectionId.Code:
                ReadBodies(ref section, module);
                break;
            case SectionId.Data:
                SegmentParser.ReadData(ref section, module);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static void ReadBodies(ref ModuleReader section, WasmModule module)
    {
        int count = section.ReadCount(WasmLimits.FunctionCountMax, "function bodies");
        for (int body = 0; body < count; body++)
        {
            int at = section.Position;
            uint size = section.ReadU32();
            if (size > WasmLimits.BodyBytesMax)
            {
                throw ModuleReader.Unsupported(
                    at, $"a function of {size} bytes is larger than {WasmLimits.BodyBytesMax}");
            }

            ModuleReader window = section.Window((int)size, "a function");
            module.Bodies.Add(new(window.Position, window.End));
        }
    }

    private static void CheckCounts(WasmModule module, int at)
    {
        int declared = module.FunctionTypes.Count - module.ImportedFunctionCount;
        if (declared != module.Bodies.Count)
        {
            throw ModuleReader.Malformed(at, $"{declared} functions are declared, {module.Bodies.Count} have a body");
        }

        if (module.DeclaredDataCount is { } dataCount && dataCount != module.DataSegmentCount)
        {
            throw ModuleReader.Malformed(
                at, $"{dataCount} data segments are declared, there are {module.DataSegmentCount}");
        }
    }
}
