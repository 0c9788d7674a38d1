using Ptorrent.Model.Jobs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ptorrent.Cli.Display;

/// <summary>A bar and a line of figures below it, as wide as the terminal. Updated by one thread, drawn by
/// another.</summary>
internal sealed class ProgressLine : IRenderable
{
    private const int BarWidthMax = 72;

    private static readonly Style Done = new(Color.Green);
    private static readonly Style Open = new(Color.Grey37);

    private State? _state;

    public void Update(JobStatus status, double fragmentsPerSecond) =>
        Volatile.Write(ref _state, new State(status, fragmentsPerSecond));

    public Measurement Measure(RenderOptions options, int maxWidth) => new(Math.Min(20, maxWidth), maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        if (Volatile.Read(ref _state) is not (JobStatus status, double fragmentsPerSecond))
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
        yield return new Segment(Fit(Terminal.Plain(ProgressText.Of(status, fragmentsPerSecond)), maxWidth - 1));
        yield return Segment.LineBreak;
    }

    private static string Fit(string text, int width) =>
        text.Length <= width ? text : width <= 1 ? string.Empty : text[..(width - 1)] + "…";

    private sealed record State(JobStatus Status, double FragmentsPerSecond);
}
