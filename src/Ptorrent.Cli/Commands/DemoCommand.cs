using System.CommandLine;
using System.Globalization;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Demo;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent demo</c>: a network on this machine computes a picture.</summary>
internal static class DemoCommand
{
    private const int EdgeMax = 16_384;
    private const int SamplesMax = 1_000_000;

    public static Command Create(GlobalOptionSet globals)
    {
        Option<string?> output = new("--out", "-o")
        {
            Description = "The picture's file (default demo.png).",
            HelpName = "FILE",
        };
        Option<string?> width = MakeNumber("--width", "Pixels in a row (default 640).");
        Option<string?> height = MakeNumber("--height", "Rows (default 360).");
        Option<string?> samples = MakeNumber("--samples", "Light paths for each pixel (default 64).");
        Option<bool> keep = new("--keep") { Description = "Keep the homes of harbor and agents." };
        Command command = new("demo", "Start a harbor and two agents, compute a picture, and check it.")
        {
            output, width, height, samples, keep,
        };
        CommandBody.Set(command, globals, async (context, result, stop) =>
        {
            DemoOptions options = new(
                ReadNumber(result, width, 640, EdgeMax),
                ReadNumber(result, height, 360, EdgeMax),
                ReadNumber(result, samples, 64, SamplesMax),
                result.GetValue(output) ?? "demo.png",
                result.GetValue(keep));
            return await new DemoRun(context, options).RunAsync(stop);
        });
        return command;
    }

    private static Option<string?> MakeNumber(string name, string description) =>
        new(name) { Description = description, HelpName = "N" };

    private static int ReadNumber(ParseResult result, Option<string?> option, int otherwise, int max)
    {
        if (result.GetValue(option) is not { } text)
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number > 0
            && number <= max
            ? number
            : throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue, option.Name[2..], text, $"it is a number from 1 to {max}", string.Empty));
    }
}
