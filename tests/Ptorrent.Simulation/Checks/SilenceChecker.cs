using Ptorrent.Link.Frames;
using Ptorrent.Simulation.Core;

namespace Ptorrent.Simulation.Checks;

/// <summary>While nobody has anything to do, nobody says anything.</summary>
internal sealed class SilenceChecker
{
    private bool _isSilent;

    /// <summary>From here on there is nothing to do.</summary>
    public void Begin() => _isSilent = true;

    /// <summary>A frame goes out.</summary>
    public void OnFrame(bool toAgent, Frame frame)
    {
        if (_isSilent)
        {
            string text = frame.ToString();
            throw new CheckFailedException(
                nameof(SilenceChecker),
                $"{frame.BodyCase} went to the {(toAgent ? "agent" : "harbor")}: {text[..Math.Min(200, text.Length)]}");
        }
    }
}
