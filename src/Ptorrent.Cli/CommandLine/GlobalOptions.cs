namespace Ptorrent.Cli.CommandLine;

/// <summary>What was said on the command line for any command.</summary>
/// <param name="HomeDirectory">Where harbor and agent keep what must last.</param>
/// <param name="Json">Status as one JSON document.</param>
/// <param name="Quiet">Nothing but results and errors.</param>
/// <param name="Harbor">The harbor to use; null: the one that runs in the home.</param>
/// <param name="KeyFile">The file with its access key; null: the one in the home.</param>
internal sealed record GlobalOptions(string HomeDirectory, bool Json, bool Quiet, string? Harbor, string? KeyFile)
{
    public string HarborHome => Path.Combine(HomeDirectory, "harbor");

    public string AgentHome => Path.Combine(HomeDirectory, "agent");
}
