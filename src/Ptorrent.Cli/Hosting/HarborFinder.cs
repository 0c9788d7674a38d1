using System.Text.Json;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Model.Refusals;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Hosting;

/// <summary>Finds the harbor that a command means: the one that was named, or the one that runs in the home.</summary>
internal static class HarborFinder
{
    private const string RecordName = "harbor.json";
    private const string KeyName = "access.key";
    private const long SmallFileBytesMax = 16 * 1024;

    private static readonly TimeSpan HealthTimeMax = TimeSpan.FromSeconds(3);

    /// <summary>The harbor.</summary>
    /// <exception cref="NoHarborException">None was named, and none runs in the home.</exception>
    /// <exception cref="HarborUnreachableException">The named one does not answer.</exception>
    /// <exception cref="RefusedException">The address or the key file is wrong.</exception>
    public static async Task<PtorrentClient> FindAsync(GlobalOptions options, CancellationToken stop) =>
        await TryFindAsync(options, stop)
        ?? throw new NoHarborException(options.HomeDirectory);

    /// <summary>The harbor; null where none was named and none runs in the home.</summary>
    /// <exception cref="HarborUnreachableException">The named one does not answer.</exception>
    /// <exception cref="RefusedException">The address or the key file is wrong.</exception>
    public static async Task<PtorrentClient?> TryFindAsync(GlobalOptions options, CancellationToken stop)
    {
        if (options.Harbor is { } named)
        {
            PtorrentClient client = new(ParseAddress(named), ReadKey(options));
            return await CheckedAsync(client, stop);
        }

        HarborRecord? record = await ReadRecordAsync(options, stop);
        if (record is null || !File.Exists(KeyPath(options)))
        {
            return null;
        }

        // The record may have outlived its harbor, so silence there means only that none runs.
        PtorrentClientOptions impatient = new() { ConnectTimeMax = HealthTimeMax, AnswerTimeMax = HealthTimeMax };
        using (PtorrentClient probe = new(record.Address, ReadKey(options), impatient))
        {
            try
            {
                if (!await probe.IsHealthyAsync(stop))
                {
                    return null;
                }
            }
            catch (HarborUnreachableException)
            {
                return null;
            }
        }

        return new PtorrentClient(record.Address, ReadKey(options));
    }

    /// <summary>Reads an address as people write it: a scheme is not needed.</summary>
    public static Uri ParseAddress(string text)
    {
        string full = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        return Uri.TryCreate(full, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? address
            : throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue, "harbor", text, "a harbor's address is an http or https address",
                "Write it like http://192.168.1.20:7070"));
    }

    /// <summary>The access key: from the named file, or from the home.</summary>
    public static string ReadKey(GlobalOptions options)
    {
        string path = KeyPath(options);
        FileInfo file = new(path);
        if (!file.Exists)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.NotFound, "key-file", path, "there is no such file",
                "Copy the access.key from the harbor's home and name it with --key-file"));
        }

        string key = file.Length <= SmallFileBytesMax ? File.ReadAllText(path).Trim() : string.Empty;
        return key.Length > 0 && key.All(c => c is > ' ' and <= '~')
            ? key
            : throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue, "key-file", path, "it holds no access key", string.Empty));
    }

    /// <summary>Where the harbor whose home this is keeps its access key.</summary>
    public static string KeyPathIn(string harborHome) => Path.Combine(harborHome, KeyName);

    /// <summary>Where the harbor listens that runs in the home.</summary>
    /// <exception cref="NoHarborException">None runs there.</exception>
    public static async Task<Uri> FindAddressAsync(GlobalOptions options, CancellationToken stop)
    {
        using PtorrentClient client = await FindAsync(options, stop);
        return client.Address;
    }

    private static string KeyPath(GlobalOptions options) => options.KeyFile ?? KeyPathIn(options.HarborHome);

    private static async Task<PtorrentClient> CheckedAsync(PtorrentClient client, CancellationToken stop)
    {
        bool healthy = false;
        try
        {
            healthy = await client.IsHealthyAsync(stop);
            return healthy
                ? client
                : throw new HarborUnreachableException(client.Address, "something else answers there");
        }
        finally
        {
            if (!healthy)
            {
                client.Dispose();
            }
        }
    }

    private static async Task<HarborRecord?> ReadRecordAsync(GlobalOptions options, CancellationToken stop)
    {
        string path = Path.Combine(options.HarborHome, RecordName);
        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length <= SmallFileBytesMax
                ? JsonSerializer.Deserialize(
                    await File.ReadAllTextAsync(path, stop), HarborRecordJson.Default.HarborRecord)
                : null;
        }
        catch (Exception error) when (error is JsonException or FileNotFoundException)
        {
            // Half written by a harbor that died, or gone meanwhile.
            return null;
        }
    }
}
