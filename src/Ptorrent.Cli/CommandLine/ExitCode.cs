namespace Ptorrent.Cli.CommandLine;

/// <summary>What the process ends with. Documented in every help text, so the numbers never change.</summary>
internal static class ExitCode
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>The job, its program or this machine failed.</summary>
    public const int Failure = 1;

    /// <summary>The command was used wrongly, or a rule refused it.</summary>
    public const int Refused = 2;

    /// <summary>The harbor could not be reached.</summary>
    public const int Unreachable = 3;

    /// <summary>Ctrl-C, or a request to end.</summary>
    public const int Interrupted = 130;
}
