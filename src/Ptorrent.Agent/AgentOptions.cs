using Ptorrent.Link;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Agent;

/// <summary>What an agent is told at its start.</summary>
public sealed record AgentOptions
{
    private const int SlotCountHighest = 1024;
    private const long BlobCacheBytesLowest = 16 << 20;

    /// <summary>A folder of its own: its identity, the blob cache. Made where it does not exist.</summary>
    public required string HomeDirectory { get; init; }

    /// <summary>The harbor's address, http or https.</summary>
    public required Uri Harbor { get; init; }

    /// <summary>The harbor's access key.</summary>
    public required string AccessKey { get; init; }

    /// <summary>Programs that run side by side. Default one for each core; 1 to 1,024.</summary>
    public int SlotCount { get; init; } = Environment.ProcessorCount;

    /// <summary>Its name for people. Default the machine's; 1 to 200 characters.</summary>
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>The Deno binary.</summary>
    public required string RuntimePath { get; init; }

    /// <summary>The executor's script.</summary>
    public required string ExecutorPath { get; init; }

    /// <summary>Whether executors are put into bubblewrap where it is installed. Default true.</summary>
    public bool UseBubblewrap { get; init; } = true;

    /// <summary>Bytes of inputs and programs that are kept on disk; the ones used longest ago go first. At least
    /// 16 MiB. Default, where null, 10 GiB or a tenth of the free disk, whatever is less.</summary>
    public long? BlobCacheBytesMax { get; init; }

    /// <summary>Whether large blobs are handed on to other agents of the same local network, and taken from them.
    /// Default true.</summary>
    public bool SharesBlobs { get; init; } = true;

    /// <summary>Where the agent listens for other agents; 0 is any free port. Default 0.</summary>
    public int SharePort { get; init; }

    /// <summary>How long runs may go on when the agent is stopped. Default 3 s; zero ends them at once.</summary>
    public TimeSpan StopTimeMax { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The first rule that these options break; the paths of runtime and executor are checked by the sandbox.
    /// </summary>
    /// <exception cref="RefusedException">A value is outside its bounds.</exception>
    public void Validate()
    {
        Require(HomeDirectory.Length > 0, "home", HomeDirectory, "the agent needs a folder of its own");
        Require(
            Harbor.IsAbsoluteUri && Harbor.Scheme is "http" or "https" && Harbor.UserInfo.Length == 0,
            "harbor",
            Harbor.OriginalString,
            "a harbor is an absolute http or https address without a user name");
        Require(
            AccessKey.Length > 0 && AccessKey.All(c => c is > ' ' and < '\u007f'),
            "key",
            string.Empty,
            "an access key is not empty and has printable ASCII characters only");
        Require(
            SlotCount is >= 1 and <= SlotCountHighest,
            "slots",
            $"{SlotCount}",
            $"there are 1 to {SlotCountHighest} slots");
        Require(
            Name.Length is >= 1 and <= LinkLimits.NameCharactersMax,
            "name",
            Name,
            $"a name has 1 to {LinkLimits.NameCharactersMax} characters");
        Require(
            BlobCacheBytesMax is null or >= BlobCacheBytesLowest,
            "cache",
            $"{BlobCacheBytesMax}",
            $"the cache has at least {BlobCacheBytesLowest} bytes");
        Require(SharePort is >= 0 and <= ushort.MaxValue, "share port", $"{SharePort}", "a port is from 0 to 65535");
        Require(
            StopTimeMax >= TimeSpan.Zero && StopTimeMax <= TimeSpan.FromHours(1),
            "stop time",
            $"{StopTimeMax}",
            "it is from zero to one hour");
    }

    private static void Require(bool condition, string field, string value, string rule)
    {
        if (!condition)
        {
            throw new RefusedException(
                new Refusal(RefusalCode.InvalidValue, field, value, rule, string.Empty));
        }
    }
}
