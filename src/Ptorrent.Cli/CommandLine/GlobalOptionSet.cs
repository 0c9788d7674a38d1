using System.CommandLine;

namespace Ptorrent.Cli.CommandLine;

/// <summary>The options that every command has.</summary>
internal sealed class GlobalOptionSet
{
    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Write status as one JSON document (to standard error where standard output carries results).",
        Recursive = true,
    };

    public Option<bool> Quiet { get; } = new("--quiet", "-q")
    {
        Description = "Say nothing but errors.",
        Recursive = true,
    };

    public Option<string> Home { get; } = new("--home")
    {
        Description = "Where harbor and agent keep what must last (default: PTORRENT_HOME, or ~/.ptorrent).",
        HelpName = "FOLDER",
        Recursive = true,
    };

    public Option<string> Harbor { get; } = new("--harbor")
    {
        Description = "The harbor's address (default: PTORRENT_HARBOR, or the one that runs in the home).",
        HelpName = "URL",
        Recursive = true,
    };

    public Option<string> KeyFile { get; } = new("--key-file")
    {
        Description = "The file with the harbor's access key (default: PTORRENT_KEY_FILE, or the one in the home).",
        HelpName = "FILE",
        Recursive = true,
    };

    public void AddTo(Command command)
    {
        command.Options.Add(Json);
        command.Options.Add(Quiet);
        command.Options.Add(Home);
        command.Options.Add(Harbor);
        command.Options.Add(KeyFile);
    }

    public GlobalOptions Read(ParseResult result) => new(
        Path.GetFullPath(result.GetValue(Home) ?? FromEnvironment("PTORRENT_HOME") ?? DefaultHome()),
        result.GetValue(Json),
        result.GetValue(Quiet),
        result.GetValue(Harbor) ?? FromEnvironment("PTORRENT_HARBOR"),
        result.GetValue(KeyFile) ?? FromEnvironment("PTORRENT_KEY_FILE"));

    private static string DefaultHome() => Path.Combine(
        Environment.GetFolderPath(
            Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify),
        ".ptorrent");

    private static string? FromEnvironment(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
