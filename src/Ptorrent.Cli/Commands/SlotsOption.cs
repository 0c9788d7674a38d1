using System.CommandLine;
using System.Globalization;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Cli.Commands;

/// <summary><c>--slots N</c>: how many executors work side by side.</summary>
internal sealed class SlotsOption : Option<string?>
{
    private const int CountMax = 1024;

    public SlotsOption(string description)
        : base("--slots")
    {
        Description = description;
        HelpName = "N";
    }

    /// <summary>What was said, or one for each core.</summary>
    /// <exception cref="RefusedException">It is no such number.</exception>
    public int Read(ParseResult result)
    {
        if (result.GetValue(this) is not { } text)
        {
            return Environment.ProcessorCount;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count is > 0 and <= CountMax
            ? count
            : throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue,
                "slots",
                text,
                $"the number of executors is from 1 to {CountMax}",
                string.Empty));
    }
}
