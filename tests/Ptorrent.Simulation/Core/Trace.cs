using System.Globalization;

namespace Ptorrent.Simulation.Core;

/// <summary>All that happened, as one number, and for readers as text. Two runs of a seed have the same
/// number.</summary>
/// <param name="time">The time that goes with each line.</param>
/// <param name="text">Takes the lines, or null.</param>
internal sealed class Trace(Schedule time, TextWriter? text)
{
    private ulong _hash = 14695981039346656037;

    /// <summary>The digest of all that happened so far: FNV-1a, 64 bits.</summary>
    public ulong Digest => _hash;

    /// <summary>Whether somebody reads along.</summary>
    public bool IsRead => text is not null;

    /// <summary>Notes what happened to whom, with numbers that tell it from others of its kind.</summary>
    public void Note(string who, string what, long first = 0, long second = 0, long third = 0)
    {
        Mix((ulong)time.Now.Ticks);
        Mix(who);
        Mix(what);
        Mix((ulong)first);
        Mix((ulong)second);
        Mix((ulong)third);
        text?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{time.Now.TotalSeconds,12:F6} {who,-10} {what} {first} {second} {third}"));
    }

    /// <summary>Adds a line for readers alone.</summary>
    public void Say(string line) => text?.WriteLine(line);

    private void Mix(string value)
    {
        foreach (char c in value)
        {
            unchecked
            {
                _hash = (_hash ^ c) * 1099511628211;
            }
        }
    }

    private void Mix(ulong value)
    {
        unchecked
        {
            // Word by word: bytewise costs eight times as much and tells no more.
            _hash = (_hash ^ value) * 1099511628211;
            _hash ^= _hash >> 29;
        }
    }
}
