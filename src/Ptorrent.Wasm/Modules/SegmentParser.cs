using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Wasm.Modules;

/// <summary>Reads and validates element and data segments.</summary>
internal static class SegmentParser
{
    // The flags of an element segment: bit 0 passive or declarative, bit 1 an explicit table or declarative, bit 2
    // expressions.
    private const uint ElementPassive = 1;
    private const uint ElementExplicit = 2;
    private const uint ElementExpressions = 4;
    private const uint ElementFlagsMax = 7;

    private const uint DataActive = 0;
    private const uint DataPassive = 1;
    private const uint DataActiveExplicit = 2;

    public static void ReadElements(ref ModuleReader reader, WasmModule module)
    {
        int count = reader.ReadCount(WasmLimits.ElementSegmentCountMax, "element segments");
        long elementCount = 0;
        for (int segment = 0; segment < count; segment++)
        {
            int at = reader.Position;
            uint flags = reader.ReadU32();
            if (flags > ElementFlagsMax)
            {
                throw ModuleReader.Malformed(at, $"0x{flags:x} are no flags of an element segment");
            }

            WasmType tableType = (flags & ElementPassive) == 0 ? ReadTarget(ref reader, module, flags) : WasmType.None;
            WasmType type = ReadElementType(ref reader, flags);
            if (tableType != WasmType.None && tableType != type)
            {
                throw ModuleReader.Malformed(
                    at, $"elements of {WasmTypes.Name(type)} in a table of {WasmTypes.Name(tableType)}");
            }

            int elements = reader.ReadCount(WasmLimits.ElementCountMax, "elements");
            elementCount += elements;
            if (elementCount > WasmLimits.ElementCountMax)
            {
                throw ModuleReader.Unsupported(at, $"there are more than {WasmLimits.ElementCountMax} elements");
            }

            ReadElementItems(ref reader, module, flags, type, elements);
            module.ElementSegments.Add(type);
        }
    }

    public static void ReadData(ref ModuleReader reader, WasmModule module)
    {
        int count = reader.ReadCount(WasmLimits.DataSegmentCountMax, "data segments");
        for (int segment = 0; segment < count; segment++)
        {
            int at = reader.Position;
            uint flags = reader.ReadU32();
            if (flags > DataActiveExplicit)
            {
                throw ModuleReader.Malformed(at, $"0x{flags:x} are no flags of a data segment");
            }

            if (flags == DataActiveExplicit && reader.ReadU32() != 0)
            {
                throw ModuleReader.Malformed(at, "a data segment names a memory that does not exist");
            }

            if (flags != DataPassive)
            {
                if (module.Memories.Count == 0)
                {
                    throw ModuleReader.Malformed(at, "a data segment names a memory that does not exist");
                }

                ConstantExpression.Read(ref reader, module, WasmType.I32);
            }

            reader.ReadBytes(reader.ReadCount(int.MaxValue, "bytes of data"));
        }

        module.DataSegmentCount = count;
    }

    private static WasmType ReadTarget(ref ModuleReader reader, WasmModule module, uint flags)
    {
        int at = reader.Position;
        uint table = (flags & ElementExplicit) != 0 ? reader.ReadU32() : 0;
        if (table >= (uint)module.Tables.Count)
        {
            throw ModuleReader.Malformed(at, $"there is no table {table}");
        }

        ConstantExpression.Read(ref reader, module, WasmType.I32);
        return module.Tables[(int)table].ElementType;
    }

    private static WasmType ReadElementType(ref ModuleReader reader, uint flags)
    {
        // With neither bit of the lowest two there is no type in the bytes: such a segment holds functions.
        if ((flags & (ElementPassive | ElementExplicit)) == 0)
        {
            return WasmType.FunctionReference;
        }

        if ((flags & ElementExpressions) != 0)
        {
            return WasmTypes.ReadReference(ref reader);
        }

        int at = reader.Position;
        return reader.ReadByte() == 0
            ? WasmType.FunctionReference
            : throw ModuleReader.Malformed(at, "the kind of an element segment is not 0");
    }

    private static void ReadElementItems(
        ref ModuleReader reader, WasmModule module, uint flags, WasmType type, int count)
    {
        for (int element = 0; element < count; element++)
        {
            if ((flags & ElementExpressions) != 0)
            {
                ConstantExpression.Read(ref reader, module, type);
                continue;
            }

            int at = reader.Position;
            uint function = reader.ReadU32();
            if (function >= (uint)module.FunctionTypes.Count)
            {
                throw ModuleReader.Malformed(at, $"there is no function {function}");
            }

            module.ReferencedFunctions.Add((int)function);
        }
    }
}
