using System.Collections.Immutable;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm;
using Ptorrent.Wasm.Inspection;
using Ptorrent.Wasm.Metering;

namespace Ptorrent.Bench;

/// <summary>Writes metered modules to files, so that bench/kernels can measure what metering costs in V8.</summary>
internal static class MeterBench
{
    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        if (arguments.Length < 2 || arguments.Length % 2 != 0)
        {
            await Console.Error.WriteLineAsync("meter needs pairs of files: IN.wasm OUT.wasm");
            return 2;
        }

        int exitCode = 0;
        for (int i = 0; i < arguments.Length; i += 2)
        {
            byte[] module = await File.ReadAllBytesAsync(arguments[i]);
            if (Refuse(module, out ReadOnlyMemory<byte> metered) is { } refusal)
            {
                await Console.Error.WriteLineAsync($"{arguments[i]}: {refusal.Code}: {refusal.Rule} ({refusal.Value})");
                exitCode = 1;
            }
            else
            {
                await File.WriteAllBytesAsync(arguments[i + 1], metered);
            }
        }

        return exitCode;
    }

    private static Refusal? Refuse(byte[] module, out ReadOnlyMemory<byte> metered)
    {
        metered = default;
        try
        {
            _ = ProgramInspector.Inspect(module);
            metered = ModuleMeter.Rewrite(module, new MeteringOptions { WatchesNans = true }).Bytes;
            return null;
        }
        catch (WasmException exception)
        {
            return exception.Refusal;
        }
        catch (RefusedException exception)
        {
            return exception.Refusal;
        }
    }
}
