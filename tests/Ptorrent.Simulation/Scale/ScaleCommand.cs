using System.Globalization;

namespace Ptorrent.Simulation.Scale;

/// <summary>The command line of the scale bench.</summary>
internal static class ScaleCommand
{
    /// <summary>Reads the options and runs; <paramref name="complain"/> says what is wrong with them.</summary>
    public static int Run(string[] args, Func<string, int> complain)
    {
        ScaleOptions options = new();
        int runCount = 1;
        bool withBaselines = true;
        for (int i = 0; i < args.Length; i++)
        {
            string value = i + 1 < args.Length ? args[i + 1] : string.Empty;
            switch (args[i])
            {
                case "--no-churn":
                    options = options with { HasChurn = false };
                    continue;
                case "--no-noise":
                    options = options with { HasNoise = false };
                    continue;
                case "--profile":
                    options = options with { HasProfile = true };
                    continue;
                case "--alone":
                    withBaselines = false;
                    continue;
                case "--job" when TryParseSeconds(value, out double seconds):
                    options = options with { JobTime = TimeSpan.FromSeconds(seconds) };
                    break;
                case "--hosts" when TryParse(value, out int hosts):
                    options = options with { HostCount = hosts };
                    break;
                case "--seed" when TryParse(value, out int seed):
                    options = options with { Seed = (ulong)seed };
                    break;
                case "--runs" when TryParse(value, out int runs):
                    runCount = runs;
                    break;
                default:
                    return complain($"scale {args[i]} '{value}': unknown, or the value is not above zero");
            }

            i++;
        }

        try
        {
            ScaleBench.Run(options, runCount, withBaselines);
            return 0;
        }
        catch (FileNotFoundException exception)
        {
            return complain(exception.Message);
        }
    }

    private static bool TryParse(string text, out int value) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out value) && value > 0;

    private static bool TryParseSeconds(string text, out double seconds) =>
        double.TryParse(text.TrimEnd('s'), CultureInfo.InvariantCulture, out seconds) && seconds > 0;
}
