namespace Ptorrent.Model.Jobs;

/// <summary>The words in braces that are replaced in a job's arguments for every run. There is no escape.</summary>
public static class Placeholder
{
    /// <summary>The index; with files, the file's place in the list from 0.</summary>
    public const string Index = "{index}";

    /// <summary>The first index of the range.</summary>
    public const string Begin = "{begin}";

    /// <summary>One past the last index of the range.</summary>
    public const string End = "{end}";

    /// <summary>The path of the input file inside the sandbox: <c>/in/</c> and its name.</summary>
    public const string File = "{file}";

    /// <summary>The input file's name.</summary>
    public const string Name = "{name}";

    /// <summary>The line, where the job is over lines.</summary>
    public const string Line = "{line}";

    /// <summary>Whether <paramref name="argument"/> has <paramref name="placeholder"/> somewhere in it.</summary>
    public static bool Uses(string argument, string placeholder) =>
        argument.Contains(placeholder, StringComparison.Ordinal);
}
