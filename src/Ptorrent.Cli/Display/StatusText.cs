using System.Globalization;
using System.Text;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Cli.Display;

/// <summary>A job's status as text for a person.</summary>
internal static class StatusText
{
    private const int LabelWidth = 12;

    public static string Of(JobStatus status)
    {
        StringBuilder text = new();
        void Line(string label, string value) => text.Append(label.PadRight(LabelWidth)).Append(value).Append('\n');

        Line("job", status.Id.ToString());
        Line("name", status.Name);
        Line("program", status.Program);
        Line("combine", status.Combine.ToString().ToLowerInvariant());
        Line("state", status.State.ToString().ToLowerInvariant());
        Line("done", $"{Figures.OfCount(status.IndicesDone)} of {Figures.OfCount(status.Range.Count)} indices "
            + $"({Figures.OfShare(status.IndicesDone, status.Range.Count)}) "
            + $"in {Figures.OfCount(status.FragmentsDone)} fragments");
        Line("fuel", Figures.OfFuel(status.Burnt));
        Line("submitted", Stamp(status.SubmittedAt));
        if (status.EndedAt is { } ended)
        {
            Line("ended", $"{Stamp(ended)}, after {Figures.OfTime(ended - status.SubmittedAt)}");
        }
        else
        {
            Line("cores", status.CoresAtWork.ToString(CultureInfo.InvariantCulture));
            Line("time left", status.TimeLeft is { } left ? Figures.OfTime(left) : "not known yet");
        }

        if (status.Waiting is { } waiting)
        {
            Line("waits", waiting);
        }

        if (status.Failure is { } failure)
        {
            Line("failure", ErrorText.DescribeFailure(status.Program, failure));
        }

        foreach (Contribution part in status.Contributions)
        {
            string what = $"{Figures.OfCount(part.Indices)} indices, {Figures.OfFuel(part.Burnt)}";
            Line("computed", $"{what}, by {part.Name} ({part.Agent})");
        }

        foreach (DeliveryStatus delivery in status.Deliveries)
        {
            string detail = delivery.Detail.Length == 0 ? string.Empty : ": " + delivery.Detail;
            Line("delivery", $"{delivery.Acceptor}: {delivery.State.ToString().ToLowerInvariant()}{detail}");
        }

        return Terminal.Plain(text.ToString());
    }

    private static string Stamp(DateTimeOffset at) =>
        at.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
