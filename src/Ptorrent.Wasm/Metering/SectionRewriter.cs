using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Metering;

/// <summary>Writes the sections that metering changes, code apart.</summary>
internal sealed class SectionRewriter(WasmModule module, MeteringOptions options)
{
    private const int HasMax = 1;
    private const int Mutable = 1;

    public void WriteTypes(ReadOnlySpan<byte> bytes, TypeAppender types, ModuleWriter section)
    {
        if (types.Count == 0)
        {
            return;
        }

        section.WriteU32((uint)types.Count);
        CopyItems(SectionId.Type, bytes, section);
        types.WriteAdded(section);
    }

    public void WriteTables(ModuleWriter section)
    {
        if (module.Tables.Count == 0)
        {
            return;
        }

        section.WriteU32((uint)module.Tables.Count);
        foreach (Table table in module.Tables)
        {
            section.WriteByte((int)table.ElementType);
            WriteSize(section, table.Size, WasmLimits.TableElementsMax);
        }
    }

    public void WriteMemories(ModuleWriter section)
    {
        if (module.Memories.Count == 0)
        {
            return;
        }

        section.WriteU32(1);
        WriteSize(section, module.Memories[0], (uint)options.MemoryPagesMax);
    }

    public void WriteGlobals(ReadOnlySpan<byte> bytes, ModuleWriter section)
    {
        section.WriteU32((uint)module.Globals.Count + 2);
        CopyItems(SectionId.Global, bytes, section);
        section.WriteByte((int)WasmType.I64);
        section.WriteByte(Mutable);
        section.WriteByte((int)Opcode.I64Const);
        section.WriteS64(0);
        section.WriteByte((int)Opcode.End);
        section.WriteByte((int)WasmType.I32);
        section.WriteByte(Mutable);
        section.WriteByte((int)Opcode.I32Const);
        section.WriteS64(options.StackUnitsMax);
        section.WriteByte((int)Opcode.End);
    }

    public void WriteExports(ReadOnlySpan<byte> bytes, ModuleWriter section)
    {
        int added = module.StartFunction is null ? 2 : 3;
        section.WriteU32((uint)(module.Exports.Count + added));
        CopyItems(SectionId.Export, bytes, section);
        WriteExport(section, ModuleMeter.FuelExport, ExternalKind.Global, module.Globals.Count);
        WriteExport(section, ModuleMeter.StackExport, ExternalKind.Global, module.Globals.Count + 1);
        if (module.StartFunction is { } start)
        {
            WriteExport(section, ModuleMeter.StartExport, ExternalKind.Function, start);
        }
    }

    private static void WriteExport(ModuleWriter section, string name, ExternalKind kind, int index)
    {
        section.WriteName(name);
        section.WriteByte((int)kind);
        section.WriteU32((uint)index);
    }

    private static void WriteSize(ModuleWriter section, SizeRange size, uint max)
    {
        section.WriteByte(HasMax);
        section.WriteU32(size.Min);
        section.WriteU32(Math.Min(size.Max ?? max, max));
    }

    // What stands behind the count of a section that may be absent.
    private void CopyItems(SectionId id, ReadOnlySpan<byte> bytes, ModuleWriter section)
    {
        ByteRange range = module.Sections[(int)id];
        if (range.Length > 0)
        {
            ModuleReader reader = new(bytes, range.Start, range.End);
            reader.ReadU32();
            section.WriteBytes(bytes[reader.Position..range.End]);
        }
    }
}
