namespace Ptorrent.Tests.Work;

/// <summary>
/// Goes through every sequence of choices: a run asks for choices as it needs them, then the tape is advanced to the
/// next sequence and the run is made anew, until there is none.
/// </summary>
internal sealed class ChoiceTape
{
    private readonly List<(int Taken, int Count)> _choices = [];
    private int _at;

    /// <summary>A choice from 0 to <paramref name="count"/> - 1.</summary>
    public int Choose(int count)
    {
        if (_at == _choices.Count)
        {
            _choices.Add((0, count));
        }

        return _choices[_at++].Taken;
    }

    /// <summary>Goes to the next sequence; false after the last one.</summary>
    public bool Advance()
    {
        _at = 0;
        while (_choices.Count > 0)
        {
            (int taken, int count) = _choices[^1];
            _choices.RemoveAt(_choices.Count - 1);
            if (taken + 1 < count)
            {
                _choices.Add((taken + 1, count));
                return true;
            }
        }

        return false;
    }
}
