using System.Collections.Immutable;
using Ptorrent.Bench;

// A bench is a name, a line of help and a function from the remaining arguments to an exit code; each has its own file.
ImmutableArray<(string Name, string Help, Func<ImmutableArray<string>, Task<int>> Run)> benches =
[
    ("blobs", "[COUNT] [BYTES]: files to a harbor, and from there to an agent's disk and memory", BlobsBench.RunAsync),
    ("capacity", "[JOBS] [ITEMS]: what an endless job and many queued jobs cost a harbor", CapacityBench.RunAsync),
    ("device", "[SLOTS]: the agent's decider alone, with executors that answer at once", DeviceBench.RunAsync),
    ("harbor", "[JOBS] [FRAGMENTS]: the harbor alone, with an agent that answers at once", HarborBench.RunAsync),
    ("idle", "[AGENTS]: what agents without work cost a harbor", IdleBench.RunAsync),
    ("latency", "[JOBS]: submit to product of a job of one fragment on a warm harbor", LatencyBench.RunAsync),
    ("leasing", "[CHILDREN] [WORKS] [ROUNDS]: the leasing core alone, commits and grants", LeasingBench.RunAsync),
    ("meter", "IN.wasm OUT.wasm [IN OUT]...: writes metered modules", MeterBench.RunAsync),
    ("product", "[FRAGMENTS] [IN A COMMIT]: results of 1 KB through a harbor to a reader", ProductBench.RunAsync),
    ("sandbox", ": start, small runs and the replacement of killed executors", SandboxBench.RunAsync),
    ("serve", "HOME: a harbor, for the other benches", HarborProcess.ServeAsync),
    ("wasm-suite", "FOLDER: holds the WebAssembly reader against a suite made by wast2json", WasmSuiteBench.RunAsync),
];

string name = args.Length > 0 ? args[0] : string.Empty;
foreach ((string candidate, _, Func<ImmutableArray<string>, Task<int>> run) in benches)
{
    if (candidate == name)
    {
        return await run([.. args[1..]]);
    }
}

await Console.Error.WriteLineAsync("usage: Ptorrent.Bench NAME ARGUMENTS...");
foreach ((string candidate, string help, _) in benches)
{
    await Console.Error.WriteLineAsync($"  {candidate} {help}");
}

return 2;
