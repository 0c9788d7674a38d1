using Ptorrent.Wasm.Binary;

namespace Ptorrent.Wasm.Modules;

/// <summary>Reading and naming of value types.</summary>
internal static class WasmTypes
{
    public static WasmType Read(ref ModuleReader reader)
    {
        int at = reader.Position;
        byte code = reader.ReadByte();
        return code switch
        {
            >= 0x7B and <= 0x7F or 0x6F or 0x70 => (WasmType)code,
            >= 0x63 and <= 0x78 =>
                throw ModuleReader.Unsupported(at, $"type 0x{code:x2} belongs to a feature that is not offered"),
            _ => throw ModuleReader.Malformed(at, $"0x{code:x2} is no value type"),
        };
    }

    public static WasmType ReadReference(ref ModuleReader reader)
    {
        int at = reader.Position;
        WasmType type = Read(ref reader);
        return IsReference(type) ? type : throw ModuleReader.Malformed(at, $"{Name(type)} is no reference type");
    }

    public static bool IsReference(WasmType type) => type is WasmType.FunctionReference or WasmType.ExternReference;

    public static string Name(WasmType type) => type switch
    {
        WasmType.I32 => "i32",
        WasmType.I64 => "i64",
        WasmType.F32 => "f32",
        WasmType.F64 => "f64",
        WasmType.V128 => "v128",
        WasmType.FunctionReference => "funcref",
        WasmType.ExternReference => "externref",
        _ => "nothing",
    };
}
