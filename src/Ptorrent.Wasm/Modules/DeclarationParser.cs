using System.Collections.Immutable;
using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Modules;

/// <summary>Reads and validates the sections that declare things.</summary>
internal static class DeclarationParser
{
    private const byte FunctionForm = 0x60;
    private const byte LimitsShared = 0x02;
    private const byte LimitsMemory64 = 0x04;

    public static void ReadTypes(ref ModuleReader reader, WasmModule module)
    {
        int count = reader.ReadCount(WasmLimits.TypeCountMax, "types");
        for (int index = 0; index < count; index++)
        {
            int at = reader.Position;
            byte form = reader.ReadByte();
            if (form != FunctionForm)
            {
                throw form is 0x4E or 0x4F or 0x50 or 0x5E or 0x5F
                    ? ModuleReader.Unsupported(at, "typed references and garbage collection are not offered")
                    : ModuleReader.Malformed(at, $"0x{form:x2} is no form of type");
            }

            ImmutableArray<WasmType> parameters = ReadTypeList(ref reader, WasmLimits.ParameterCountMax, "parameters");
            module.Types.Add(new(parameters, ReadTypeList(ref reader, WasmLimits.ResultCountMax, "results")));
        }
    }

    public static void ReadImports(ref ModuleReader reader, WasmModule module)
    {
        int count = reader.ReadCount(WasmLimits.ImportCountMax, "imports");
        for (int index = 0; index < count; index++)
        {
            int at = reader.Position;
            string from = reader.ReadName();
            string name = reader.ReadName();
            int kindAt = reader.Position;
            byte kind = reader.ReadByte();
            if (kind > (byte)ExternalKind.Global)
            {
                throw kind == 4
                    ? ModuleReader.Unsupported(kindAt, "exception handling is not offered")
                    : ModuleReader.Malformed(kindAt, $"0x{kind:x2} is no kind of import");
            }

            if (kind != (byte)ExternalKind.Function)
            {
                throw ModuleReader.Unsupported(
                    at, $"{(ExternalKind)kind} {from}.{name} is imported; only functions can be");
            }

            int type = ReadTypeIndex(ref reader, module);
            module.Imports.Add(new(from, name, type, at));
            module.FunctionTypes.Add(type);
        }
    }

    public static void ReadFunctions(ref ModuleReader reader, WasmModule module)
    {
        int count = reader.ReadCount(WasmLimits.FunctionCountMax, "functions");
        for (int index = 0; index < count; index++)
        {
            module.FunctionTypes.Add(ReadTypeIndex(ref reader, module));
        }
    }

    public static void ReadTables(ref ModuleReader reader, WasmModule module)
    {
        int count = reader.ReadCount(WasmLimits.TableCountMax, "tables");
        for (int index = 0; index < count; index++)
        {
            int at = reader.Position;
            WasmType type = WasmTypes.ReadReference(ref reader);
            SizeRange size = ReadLimits(ref reader);
            CheckOrder(size, at);
            if (size.Min > WasmLimits.TableElementsMax)
            {
                throw ModuleReader.Unsupported(
                    at, $"a table of {size.Min} elements is larger than the limit of {WasmLimits.TableElementsMax}");
            }

            module.Tables.Add(new(type, size));
        }
    }

    public static void ReadMemories(ref ModuleReader reader, WasmModule module)
    {
        int at = reader.Position;
        int count = reader.ReadCount(int.MaxValue, "memories");
        if (count > 1)
        {
            throw ModuleReader.Unsupported(at, "several memories are not offered");
        }

        for (int index = 0; index < count; index++)
        {
            SizeRange size = ReadLimits(ref reader);
            CheckOrder(size, at);
            if (size.Min > WasmLimits.MemoryPagesHighest || size.Max > WasmLimits.MemoryPagesHighest)
            {
                throw ModuleReader.Malformed(at, "a memory has at most 65536 pages of 64 KiB");
            }

            module.Memories.Add(size);
        }
    }

    public static void ReadGlobals(ref ModuleReader reader, WasmModule module)
    {
        int count = reader.ReadCount(WasmLimits.GlobalCountMax, "globals");
        for (int index = 0; index < count; index++)
        {
            WasmType type = WasmTypes.Read(ref reader);
            int at = reader.Position;
            byte mutability = reader.ReadByte();
            if (mutability > 1)
            {
                throw mutability is 2 or 3
                    ? ModuleReader.Unsupported(at, "shared globals belong to threads, which are not offered")
                    : ModuleReader.Malformed(at, $"0x{mutability:x2} is no mutability");
            }

            ConstantExpression.Read(ref reader, module, type);
            module.Globals.Add(new(type, mutability == 1));
        }
    }

    public static void ReadExports(ref ModuleReader reader, WasmModule module)
    {
        int count = reader.ReadCount(WasmLimits.ExportCountMax, "exports");
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int index = 0; index < count; index++)
        {
            int at = reader.Position;
            string name = reader.ReadName();
            if (!names.Add(name))
            {
                throw ModuleReader.Malformed(at, $"export '{name}' is given twice");
            }

            int kindAt = reader.Position;
            byte kind = reader.ReadByte();
            uint target = reader.ReadU32();
            int known = kind switch
            {
                0 => module.FunctionTypes.Count,
                1 => module.Tables.Count,
                2 => module.Memories.Count,
                3 => module.Globals.Count,
                4 => throw ModuleReader.Unsupported(kindAt, "exception handling is not offered"),
                _ => throw ModuleReader.Malformed(kindAt, $"0x{kind:x2} is no kind of export"),
            };
            if (target >= (uint)known)
            {
                throw ModuleReader.Malformed(kindAt, $"export '{name}' names what does not exist");
            }

            module.Exports.Add(new(name, (ExternalKind)kind, (int)target, at));
            if (kind == (byte)ExternalKind.Function)
            {
                module.ReferencedFunctions.Add((int)target);
            }
        }
    }

    public static void ReadStart(ref ModuleReader reader, WasmModule module)
    {
        int at = reader.Position;
        uint index = reader.ReadU32();
        if (index >= (uint)module.FunctionTypes.Count)
        {
            throw ModuleReader.Malformed(at, $"there is no function {index}");
        }

        FunctionType type = module.TypeOfFunction((int)index);
        if (!type.Parameters.IsEmpty || !type.Results.IsEmpty)
        {
            throw ModuleReader.Malformed(at, "the start function takes or gives something");
        }

        module.StartFunction = (int)index;
    }

    private static ImmutableArray<WasmType> ReadTypeList(ref ModuleReader reader, int max, string what)
    {
        int count = reader.ReadCount(max, what);
        ImmutableArray<WasmType>.Builder types = ImmutableArray.CreateBuilder<WasmType>(count);
        for (int index = 0; index < count; index++)
        {
            types.Add(WasmTypes.Read(ref reader));
        }

        return types.MoveToImmutable();
    }

    private static int ReadTypeIndex(ref ModuleReader reader, WasmModule module)
    {
        int at = reader.Position;
        uint type = reader.ReadU32();
        return type < (uint)module.Types.Count
            ? (int)type
            : throw ModuleReader.Malformed(at, $"there is no type {type}");
    }

    private static SizeRange ReadLimits(ref ModuleReader reader)
    {
        int at = reader.Position;
        byte flags = reader.ReadByte();
        if (flags > 1)
        {
            throw flags switch
            {
                < LimitsMemory64 when (flags & LimitsShared) != 0 =>
                    ModuleReader.Unsupported(at, "shared memory belongs to threads, which are not offered"),
                < 2 * LimitsMemory64 => ModuleReader.Unsupported(at, "64-bit memories are not offered"),
                _ => ModuleReader.Malformed(at, $"0x{flags:x2} are no flags of a size"),
            };
        }

        uint min = reader.ReadU32();
        return new(min, flags == 1 ? reader.ReadU32() : null);
    }

    private static void CheckOrder(SizeRange size, int at)
    {
        if (size.Max < size.Min)
        {
            throw ModuleReader.Malformed(at, "the least size is above the largest");
        }
    }
}
