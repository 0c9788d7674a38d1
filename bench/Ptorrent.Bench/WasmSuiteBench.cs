using System.Collections.Immutable;
using System.Text.Json;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm;
using Ptorrent.Wasm.Metering;
using Ptorrent.Wasm.Validation;

namespace Ptorrent.Bench;

/// <summary>
/// Holds the WebAssembly reader against a conformance suite: a folder with the JSON files and modules that wabt's
/// <c>wast2json</c> makes of its scripts. What must be refused must be; the others are rewritten and read again.
/// </summary>
internal static class WasmSuiteBench
{
    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        if (arguments.Length != 1)
        {
            await Console.Error.WriteLineAsync("wasm-suite needs a folder");
            return 2;
        }

        string folder = arguments[0];
        int accepted = 0, unsupported = 0, refused = 0, wrong = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument script = JsonDocument.Parse(await File.ReadAllBytesAsync(file));
            foreach (JsonElement command in script.RootElement.GetProperty("commands").EnumerateArray())
            {
                if (!command.TryGetProperty("filename", out JsonElement name)
                    || Path.GetExtension(name.GetString()) != ".wasm")
                {
                    continue;
                }

                string type = command.GetProperty("type").GetString()!;
                byte[] module = await File.ReadAllBytesAsync(Path.Combine(folder, name.GetString()!));
                bool mustRefuse = type is "assert_invalid" or "assert_malformed";
                RefusalCode? code = Refuse(module);
                accepted += code is null && !mustRefuse ? 1 : 0;
                refused += code is not null && mustRefuse ? 1 : 0;
                unsupported += code == RefusalCode.UnsupportedModule && !mustRefuse ? 1 : 0;
                if ((code is null) == mustRefuse && code != RefusalCode.UnsupportedModule)
                {
                    wrong++;
                    await Console.Error.WriteLineAsync($"{type} {name}: {(mustRefuse ? "taken" : "refused")}");
                }
            }
        }

        Console.WriteLine(
            $"taken and rewritten {accepted}, not offered {unsupported}, refused {refused}, wrong {wrong}");
        return wrong == 0 ? 0 : 1;
    }

    private static RefusalCode? Refuse(byte[] module)
    {
        try
        {
            MeteringOptions options = new() { MemoryPagesMax = WasmLimits.MemoryPagesHighest };
            ModuleValidator.Validate(ModuleMeter.Rewrite(module, options).Bytes.Span);
            return null;
        }
        catch (WasmException refusal)
        {
            return refusal.Code;
        }
        catch (RefusedException refusal)
        {
            return refusal.Refusal.Code;
        }
    }
}
