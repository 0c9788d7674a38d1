using Ptorrent.Model.Jobs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ptorrent.Cli.Display;

/// <summary>A bar and a line of figures below it, as wide as the terminal.</summary>
internal sealed class ProgressLine : IRenderable
{
    private const int BarWidthMax = 72;

    private static readonly Style Done = new(Color.Green);
    private static readonly Style Open = new(Color.Grey37);

    private JobStatus? _status;
    private double _fragmentsPerSecond;

    public void Update(JobStatus status, double fragmentsPerSecond)
    {
        _status = status;
        _fragmentsPerSecond = fragmentsPerSecond;
    }

    public Measurement Measure(RenderOptions options, int maxWidth) => new(Math.Min(20, maxWidth), maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        if (_status is not { } status)
        {
            yield return new Segment(Fit("starting …", maxWidth));
            yield return Segment.LineBreak;
            yield break;
        }

        int width = Math.Max(1, Math.Min(BarWidthMax, maxWidth - 1));
        long count = status.Range.Count;
        int done = count == 0 ? width : (int)Math.Floor((double)status.IndicesDone / count * width);
        yield return new Segment(new string('━', done), Done);
        yield return new Segment(new string('━', width - done), Open);
        yield return Segment.LineBreak;
        yield return new Segment(Fit(Terminal.Plain(ProgressText.Of(status, _fragmentsPerSecond)), maxWidth - 1));
        yield return Segment.LineBreak;
    }

    private static string Fit(string text, int width) =>
        text.Length <= width ? text : width <= 1 ? string.Empty : text[..(width - 1)] + "…";
}
