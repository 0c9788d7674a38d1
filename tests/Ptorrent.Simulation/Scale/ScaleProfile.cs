using System.Globalization;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Simulation.Scale;

/// <summary>Where a run's time and messages go: what is idle and what is sent in each second, and what came last.
/// </summary>
internal sealed class ScaleProfile
{
    private const int LastMax = 12;

    private readonly List<(TimeSpan At, string Kind)> _messages = [];
    private readonly Queue<(TimeSpan At, IndexRange Range)> _last = new();
    private readonly Dictionary<LeaseId, Story> _stories = [];

    /// <summary>A message is sent.</summary>
    public void Send(TimeSpan at, string kind) => _messages.Add((at, kind));

    /// <summary>A lease is granted.</summary>
    public void Begin(LeaseId lease, IndexRange range, string who) => _stories[lease] = new Story(range, who);

    /// <summary>Something happens to a lease.</summary>
    public void Tell(TimeSpan at, LeaseId lease, string what)
    {
        if (_stories.TryGetValue(lease, out Story? story))
        {
            story.Events.Add((at, what));
        }
    }

    /// <summary>Something came back.</summary>
    public void Count(TimeSpan at, IndexRange range)
    {
        _last.Enqueue((at, range));
        if (_last.Count > LastMax)
        {
            _last.Dequeue();
        }
    }

    /// <summary>Prints a line for each second, the sum of what was idle in seconds of all power, and what came last.
    /// </summary>
    public void Print(TimeSpan begin, TimeSpan end, Capacity offered, Capacity idle)
    {
        (TimeSpan At, string Kind)[] sent = [.. _messages.Where(m => m.At >= begin)];
        string[] kinds = [.. sent.Select(m => m.Kind).Distinct().Order(StringComparer.Ordinal)];
        ILookup<(int, string), TimeSpan> counts =
            sent.ToLookup(m => ((int)(m.At - begin).TotalSeconds, m.Kind), m => m.At);
        Console.WriteLine("second    idle    sum" + string.Concat(kinds.Select(k => $"{k,9}")));
        double[] power = offered.PerSecond(begin, end);
        double[] unused = idle.PerSecond(begin, end);
        double sum = 0;
        for (int i = 0; i < power.Length; i++)
        {
            sum += unused[i] / power[i];
            string line = string.Create(
                CultureInfo.InvariantCulture, $"{i,6}{unused[i] / power[i],8:P1}{sum,7:F2}");
            Console.WriteLine(line + string.Concat(kinds.Select(k => $"{counts[(i, k)].Count(),9}")));
        }

        PrintLast(begin);
    }

    /// <summary>For each of the last commits, every lease that its indices were in.</summary>
    private void PrintLast(TimeSpan begin)
    {
        foreach ((TimeSpan at, IndexRange range) in _last)
        {
            double seconds = (at - begin).TotalSeconds;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{seconds:F2}: {range.Count} indices at {range.Begin}"));
            foreach (Story story in _stories.Values.Where(s => s.Range.Begin < range.End && range.Begin < s.Range.End))
            {
                Console.WriteLine(story.ToText(begin));
            }
        }
    }

    private sealed class Story(IndexRange range, string who)
    {
        public IndexRange Range { get; } = range;

        public List<(TimeSpan At, string What)> Events { get; } = [];

        public string ToText(TimeSpan begin) =>
            $"    {who}, {Range.Count} indices: " + string.Join(", ", Events.Select(e => string.Create(
                CultureInfo.InvariantCulture, $"{(e.At - begin).TotalSeconds:F2} {e.What}")));
    }
}
