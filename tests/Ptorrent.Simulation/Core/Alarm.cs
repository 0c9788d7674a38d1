namespace Ptorrent.Simulation.Core;

/// <summary>Something that is arranged for a time.</summary>
internal sealed class Alarm(Action action)
{
    private Action? _action = action;

    /// <summary>It does not happen any more.</summary>
    public void Cancel() => _action = null;

    /// <summary>What is to happen, once; null after that or where it was cancelled.</summary>
    public Action? Take()
    {
        Action? taken = _action;
        _action = null;
        return taken;
    }
}
