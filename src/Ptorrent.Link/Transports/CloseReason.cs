using System.Text;

namespace Ptorrent.Link.Transports;

/// <summary>Makes reasons fit into the end of a link.</summary>
internal static class CloseReason
{
    /// <summary>The longest front of <paramref name="reason"/> that fits and ends with a whole character.</summary>
    public static string Fit(string reason)
    {
        int bytes = 0;
        int length = 0;
        foreach (Rune rune in reason.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > LinkLimits.CloseReasonBytesMax)
            {
                return reason[..length];
            }

            length += rune.Utf16SequenceLength;
        }

        return reason;
    }
}
