using System.Collections.Immutable;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Cli.Jobs;

/// <summary>Turns what a person said, and the files that he named, into a job request. Pure.</summary>
internal static class JobRequestBuilder
{
    /// <summary>The request that <paramref name="options"/> describe.</summary>
    /// <exception cref="RefusedException">It breaks a rule of <see cref="JobRequestValidator"/>.</exception>
    public static JobRequest Build(
        JobId id,
        JobOptions options,
        ProgramReference program,
        ImmutableArray<InputFile> files,
        InputLines? lines)
    {
        JobLimits defaults = new();
        JobRequest request = new()
        {
            Id = id,
            Name = options.Name ?? program.Name,
            Program = program,
            Over = options.Over,
            Files = files,
            Lines = lines,
            Arguments = options.Arguments ?? [],
            Parameters = options.Parameters
                ?? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal),
            Combine = CombineOf(options),
            TopCount = options.TopCount ?? 0,
            Limits = new JobLimits
            {
                FuelMax = options.FuelMax ?? defaults.FuelMax,
                MemoryBytesMax = options.MemoryBytesMax ?? defaults.MemoryBytesMax,
                TimeMax = options.TimeMax ?? defaults.TimeMax,
                OutputBytesMax = options.OutputBytesMax ?? defaults.OutputBytesMax,
            },
            Seed = options.Seed ?? string.Empty,
            Acceptors =
            [
                .. (options.Webhooks ?? []).Select(webhook => new AcceptorRequest { Webhook = webhook }),
                .. (options.Folders ?? []).Select(folder => new AcceptorRequest { Folder = folder }),
            ],
        };
        return JobRequestValidator.Check(request) is { } refusal ? throw new RefusedException(refusal) : request;
    }

    /// <summary>How the job's outputs are combined: as was said, or one after another.</summary>
    public static CombineKind CombineOf(JobOptions options) => options.Combine ?? CombineKind.Concat;
}
