using System.Text;

namespace Ptorrent.Cli.Display;

/// <summary>What the command says to the person beside its results; all of it goes to standard error.</summary>
internal sealed class Terminal(bool quiet, TextWriter error, bool isInteractive)
{
    /// <summary>Whether a person watches standard error on a screen that can be written over.</summary>
    public bool IsInteractive { get; } = isInteractive && !quiet;

    /// <summary>Whether nothing but errors is said.</summary>
    public bool IsQuiet { get; } = quiet;

    public static Terminal Open(bool quiet) => new(
        quiet,
        Console.Error,
        !Console.IsErrorRedirected
            && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null or "")
            && Environment.GetEnvironmentVariable("NO_PROGRESS") is null);

    /// <summary>Text that may come from a program or from another person, without what would steer a terminal.
    /// </summary>
    public static string Plain(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1F') && !text.AsSpan().ContainsAnyInRange('\x7F', '\x9F'))
        {
            return text;
        }

        StringBuilder plain = new(text.Length);
        foreach (char c in text)
        {
            plain.Append(c is '\n' or '\t' || !char.IsControl(c) ? c : '\uFFFD');
        }

        return plain.ToString();
    }

    /// <summary>Says something that is good to know.</summary>
    public void Note(string text)
    {
        if (!IsQuiet)
        {
            error.WriteLine(Plain(text));
        }
    }

    /// <summary>Says what went wrong.</summary>
    public void Fail(string text) => error.WriteLine("ptorrent: " + Plain(text));
}
