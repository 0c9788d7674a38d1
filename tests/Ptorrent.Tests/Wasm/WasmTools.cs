using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Xunit;
using ProcessorArchitecture = System.Runtime.InteropServices.Architecture;

namespace Ptorrent.Tests.Wasm;

/// <summary>The tools around these tests: an assembler of the text format, and V8 to run and judge modules.</summary>
internal static class WasmTools
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly ConcurrentDictionary<string, byte[]> Assembled = new(StringComparer.Ordinal);

    /// <summary>Texts in Fixtures, by name without its ending.</summary>
    internal static string Fixture(string name) =>
        File.ReadAllText(RepositoryRoot.Combine("tests/Ptorrent.Tests/Wasm/Fixtures", name + ".wat"));

    internal static string[] FixtureNames() =>
    [
        .. Directory.EnumerateFiles(RepositoryRoot.Combine("tests/Ptorrent.Tests/Wasm/Fixtures"), "*.wat")
            .Select(f => Path.GetFileNameWithoutExtension(f))
            .Order(StringComparer.Ordinal),
    ];

    internal static async Task<byte[]> AssembleAsync(string text) => (await AssembleAsync([text]))[0];

    internal static async Task<byte[][]> AssembleAsync(IReadOnlyList<string> texts)
    {
        string[] missing = [.. texts.Where(t => !Assembled.ContainsKey(t)).Distinct(StringComparer.Ordinal)];
        if (missing.Length > 0)
        {
            string script = RepositoryRoot.Combine("tests/Ptorrent.Tests/Wasm/wat-to-wasm.mjs");
            string answer = await RunAsync("node", [script], JsonSerializer.Serialize(missing));
            foreach ((string text, string module) in missing.Zip(JsonSerializer.Deserialize<string[]>(answer)!))
            {
                Assembled[text] = Convert.FromBase64String(module);
            }
        }

        return [.. texts.Select(t => Assembled[t])];
    }

    /// <summary>Runs calls in an engine; each module gets a new instance.</summary>
    internal static async Task<ModuleAnswer[]> CallAsync(Engine engine, IReadOnlyList<ModuleTask> tasks)
    {
        string script = RepositoryRoot.Combine("tests/Ptorrent.Tests/Wasm/run-modules.mjs");
        string input = JsonSerializer.Serialize(tasks, Web);
        string answer = engine switch
        {
            Engine.Node => await RunAsync("node", [script], input),
            Engine.DenoOptimizing =>
                await RunAsync(Deno(), ["run", "--no-prompt", "--v8-flags=--no-liftoff", script], input),
            Engine.DenoBaseline =>
                await RunAsync(Deno(), ["run", "--no-prompt", "--v8-flags=--liftoff-only", script], input),
            _ => throw new UnreachableException(),
        };
        return JsonSerializer.Deserialize<ModuleAnswer[]>(answer, Web)!;
    }

    /// <summary>Which of the modules V8 takes.</summary>
    internal static async Task<bool[]> ValidateAsync(IEnumerable<byte[]> modules)
    {
        ModuleTask[] tasks =
            [.. modules.Select(m => new ModuleTask(Convert.ToBase64String(m), "0", [], Validate: true))];
        return [.. (await CallAsync(Engine.Node, tasks)).Select(a => a.Valid)];
    }

    internal static ModuleTask Task(ReadOnlySpan<byte> module, long fuel, params ModuleCall[] calls) =>
        new(Convert.ToBase64String(module), fuel.ToString(System.Globalization.CultureInfo.InvariantCulture), calls);

    internal static async Task<string> RunAsync(string command, IEnumerable<string> arguments, string input)
    {
        ProcessStartInfo start = new(command, arguments)
        {
            WorkingDirectory = RepositoryRoot.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["DENO_DIR"] = Path.Combine(Path.GetTempPath(), "ptorrent-tests-deno");
        start.Environment["DENO_NO_UPDATE_CHECK"] = "1";
        using Process process = Process.Start(start)!;
        using CancellationTokenSource stop = new(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(stop.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(stop.Token);
        await using (StreamWriter writer = new(process.StandardInput.BaseStream, new UTF8Encoding(false)))
        {
            await writer.WriteAsync(input.AsMemory(), stop.Token);
        }

        await process.WaitForExitAsync(stop.Token);
        Assert.True(process.ExitCode == 0, $"{command} ended with {process.ExitCode}: {await error}");
        return await output;
    }

    private static string Deno()
    {
        bool isArm = RuntimeInformation.ProcessArchitecture == ProcessorArchitecture.Arm64;
        string package = OperatingSystem.IsWindows()
            ? "win32-x64/deno.exe"
            : (OperatingSystem.IsMacOS() ? "darwin-" : "linux-") + (isArm ? "arm64" : "x64")
                + (OperatingSystem.IsMacOS() ? string.Empty : "-glibc") + "/deno";
        string path = RepositoryRoot.Combine("node_modules/@deno", package);
        Assert.SkipUnless(File.Exists(path), "There is no Deno: run npm ci in the repository.");
        return path;
    }
}

/// <summary>One call: a number, or whole number of 64 bits ending in n, for each argument.</summary>
internal sealed record ModuleCall(string Name, params string[] Arguments);

internal sealed record ModuleTask(string Wasm, string Fuel, IReadOnlyList<ModuleCall> Calls, bool Validate = false);

internal sealed record ModuleAnswer(bool Valid, CallAnswer[] Calls, string[] Seen);

internal sealed record CallAnswer(string? Value, string? Trap, string Fuel, string Stack);
