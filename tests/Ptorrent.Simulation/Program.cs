using System.Globalization;
using System.Text.Json;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Scale;

namespace Ptorrent.Simulation;

/// <summary>The command line of the simulator.</summary>
internal static class Program
{
    private const string Usage = """
        Usage: ptorrent-sim --seed N [--trace] [--plant NAME]
               ptorrent-sim --seeds A..B [--json] [--plant NAME]
               ptorrent-sim scale [--hosts N] [--job TIME] [--seed N] [--runs N] [--no-churn] [--no-noise]
                                  [--alone] [--profile]

        Runs the real deciders of harbor and agents under one seed each: virtual time, network, disk and executors.

          --seed N       one seed: prints what it drew, then how it ended
          --trace        with it: all that happens, a line each
          --seeds A..B   seeds from A up to but not including B, each twice; prints those that failed
          --json         a line of JSON a seed
          --plant NAME   plants a bug that must be caught: forgetful-disk, no-fence, credulous,
                         trusting-disk

        scale: one job on very many hosts, by the real leasing and by what is common elsewhere.

          --hosts N      hosts; default 1000
          --job TIME     what the job takes on all of them, undisturbed: 60s, 600s; default 60s
          --runs N       seeds from --seed on; default 1
          --no-churn     hosts stay
          --no-noise     hosts know their speed, and their owners leave them alone
          --alone        without the others

        Exit codes: 0 all checks held; 1 a seed failed; 2 the command line is wrong.
        """;

    public static int Main(string[] args)
    {
        return args is ["scale", .. string[] rest] ? ScaleCommand.Run(rest, Complain) : RunSeeds(args);
    }

    private static int RunSeeds(string[] args)
    {
        Dictionary<string, string> options = [];
        for (int i = 0; i < args.Length; i++)
        {
            bool takesValue = args[i] is "--seed" or "--seeds" or "--plant";
            if ((!takesValue && args[i] is not ("--trace" or "--json")) || (takesValue && i + 1 == args.Length))
            {
                return Complain(args[i] is "--help" or "-h" ? string.Empty : $"'{args[i]}' is not an option");
            }

            options[args[i]] = takesValue ? args[++i] : string.Empty;
        }

        if (Plants.Find(options.GetValueOrDefault("--plant", "none")) is null)
        {
            return Complain($"--plant '{options["--plant"]}': there is no such plant");
        }

        if (options.TryGetValue("--seed", out string? text))
        {
            return ulong.TryParse(text, CultureInfo.InvariantCulture, out ulong seed)
                ? RunOne(seed, options)
                : Complain($"--seed '{text}': a seed is a whole number from 0");
        }

        return options.TryGetValue("--seeds", out string? range) && TryParse(range, out ulong begin, out ulong end)
            ? RunMany(begin, end, options)
            : Complain("name a seed, or seeds as A..B");
    }

    private static int RunOne(ulong seed, Dictionary<string, string> options)
    {
        World world = new(
            seed,
            plant: Plants.Find(options.GetValueOrDefault("--plant", "none")),
            trace: options.ContainsKey("--trace") ? Console.Out : null);
        Console.WriteLine($"seed {seed}");
        Console.WriteLine(world.Options.Describe());
        Verdict verdict = world.Run();
        foreach ((string what, long count) in verdict.Counts)
        {
            Console.WriteLine($"{count,10} {what}");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{verdict.StepCount} steps, {verdict.At.TotalSeconds:F1} s, digest {verdict.Digest:x16}"));
        return Report(verdict) ? 0 : 1;
    }

    private static int RunMany(ulong begin, ulong end, Dictionary<string, string> options)
    {
        long failedCount = 0;
        for (ulong seed = begin; seed < end; seed++)
        {
            Verdict verdict = World.RunTwice(seed, Plants.Find(options.GetValueOrDefault("--plant", "none"))!);
            if (options.ContainsKey("--json"))
            {
                Console.WriteLine(JsonSerializer.Serialize(verdict));
            }

            failedCount += options.ContainsKey("--json") || Report(verdict) ? verdict.IsGood ? 0 : 1 : 1;
        }

        Console.WriteLine($"{end - begin} seeds, {failedCount} failed");
        return failedCount == 0 ? 0 : 1;
    }

    private static bool Report(Verdict verdict)
    {
        if (!verdict.IsGood)
        {
            Console.WriteLine(verdict.ToString());
        }

        return verdict.IsGood;
    }

    private static bool TryParse(string range, out ulong begin, out ulong end)
    {
        (begin, end) = (0, 0);
        string[] parts = range.Split("..");
        return parts.Length == 2
            && ulong.TryParse(parts[0], CultureInfo.InvariantCulture, out begin)
            && ulong.TryParse(parts[1], CultureInfo.InvariantCulture, out end)
            && begin < end;
    }

    private static int Complain(string problem)
    {
        if (problem.Length > 0)
        {
            Console.Error.WriteLine($"ptorrent-sim: {problem}");
        }

        Console.Error.WriteLine(Usage);
        return 2;
    }
}
