using System.Collections.Concurrent;
using System.Text.Unicode;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm;
using Ptorrent.Wasm.Inspection;

namespace Ptorrent.Harbor.Admission;

/// <summary>
/// Sees whether a program can run at all. A program that was seen is remembered, since the same one is submitted
/// again and again. For any number of threads.
/// </summary>
internal sealed class ProgramCheck(BlobStore blobs)
{
    private const int ScriptBytesMax = 16 << 20;
    private const int RememberedCountMax = 1024;
    private const long PageBytes = 64 * 1024;

    private readonly ConcurrentDictionary<(Digest Digest, bool IsScript), Verdict> _remembered = new();

    /// <summary>Why the job's program cannot run; null if it can. Its blob is here.</summary>
    public async Task<Refusal?> CheckAsync(JobRequest job, CancellationToken stop)
    {
        ProgramReference program = job.Program;
        bool isScript = program.Kind == ProgramKind.Script;
        if (!_remembered.TryGetValue((program.Digest, isScript), out Verdict? verdict))
        {
            verdict = await InspectAsync(program, isScript, stop);
            if (_remembered.Count >= RememberedCountMax)
            {
                _remembered.Clear();
            }

            _remembered[(program.Digest, isScript)] = verdict;
        }

        return verdict.Refusal ?? (verdict.Module is { } module ? CheckFit(job, module) : null);
    }

    private async Task<Verdict> InspectAsync(ProgramReference program, bool isScript, CancellationToken stop)
    {
        long sizeBytesMax = isScript ? ScriptBytesMax : WasmLimits.ModuleBytesMax;
        if (program.SizeBytes > sizeBytesMax)
        {
            return new Verdict(null, new Refusal(
                RefusalCode.TooLarge,
                "program",
                program.Name,
                $"a {(isScript ? "script" : "module")} has at most {sizeBytesMax} bytes, this one {program.SizeBytes}",
                "Put its data into files or parameters"));
        }

        byte[] code = await blobs.ReadAllAsync(program.Digest, stop);
        if (isScript)
        {
            return new Verdict(null, Utf8.IsValid(code) ? null : new Refusal(
                RefusalCode.MalformedScript, "program", program.Name, "a script is text in UTF-8", "Save it as UTF-8"));
        }

        try
        {
            return new Verdict(ProgramInspector.Inspect(code), null);
        }
        catch (WasmException exception)
        {
            return new Verdict(null, exception.Refusal);
        }
        catch (RefusedException exception)
        {
            return new Verdict(null, exception.Refusal);
        }
    }

    private static Refusal? CheckFit(JobRequest job, ModuleInfo module)
    {
        if (module.Kind != job.Program.Kind)
        {
            return new Refusal(
                RefusalCode.Conflict,
                "program",
                job.Program.Name,
                $"the module is of the kind {module.Kind}, the job says {job.Program.Kind}",
                "Leave out the kind, or name the right one");
        }

        if (module.MemoryPagesMin * PageBytes > job.Limits.MemoryBytesMax)
        {
            return new Refusal(
                RefusalCode.TooMuchMemory,
                "memory-max",
                $"{job.Limits.MemoryBytesMax} bytes",
                $"the module starts with {module.MemoryPagesMin * PageBytes} bytes of memory",
                "Give --memory-max a higher value, or compile the program with less initial memory");
        }

        return job.Combine == CombineKind.Merge && !module.HasMerge
            ? new Refusal(
                RefusalCode.MissingExport,
                "combine",
                "merge",
                "the module exports no function merge () → ()",
                "Export one, or combine in another way")
            : null;
    }

    private sealed record Verdict(ModuleInfo? Module, Refusal? Refusal);
}
