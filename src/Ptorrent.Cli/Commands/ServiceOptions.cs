using System.CommandLine;
using System.Net;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Jobs;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Cli.Commands;

/// <summary>What the commands that start a harbor or an agent have in common.</summary>
internal sealed class ServiceOptions
{
    private const int DefaultPort = 7070;

    private readonly Option<string?> _listen = new("--listen")
    {
        Description = $"Where the harbor listens (default 127.0.0.1:{DefaultPort}); port 0 for any free one.",
        HelpName = "ADDRESS:PORT",
    };

    private readonly Option<string[]> _webhookHosts = new("--webhook-host")
    {
        Description = "A host that jobs may post their products to. May be given often.",
        HelpName = "HOST",
    };

    private readonly Option<bool> _anyWebhookHost = new("--any-webhook-host")
    {
        Description = "Let jobs post their products to any address that this machine reaches.",
    };

    private readonly Option<string?> _name = new("--name")
    {
        Description = "A name for people (default: this machine's).",
        HelpName = "TEXT",
    };

    private readonly Option<string?> _cache = new("--cache")
    {
        Description = "Disk for programs and inputs (default: 10G, or a tenth of the free disk if that is less).",
        HelpName = "SIZE",
    };

    private readonly Option<int> _sharePort = new("--share-port")
    {
        Description = "Where other agents of the local network fetch inputs from this one (default: any free port).",
        HelpName = "PORT",
    };

    private readonly Option<bool> _noShare = new("--no-share")
    {
        Description = "Neither give inputs to other agents of the local network nor take them from there.",
    };

    // For a parent that must not leave this process behind, however it ends itself.
    private readonly Option<bool> _untilInputCloses = new("--until-stdin-closes") { Hidden = true };

    public SlotsOption Slots { get; } = new("Executors that work side by side (default: one for each core).");

    public void AddTo(Command command, bool harbor, bool agent)
    {
        if (harbor)
        {
            command.Options.Add(_listen);
            command.Options.Add(_webhookHosts);
            command.Options.Add(_anyWebhookHost);
        }

        if (agent)
        {
            command.Options.Add(Slots);
            command.Options.Add(_cache);
            command.Options.Add(_sharePort);
            command.Options.Add(_noShare);
        }

        command.Options.Add(_name);
        command.Options.Add(_untilInputCloses);
    }

    public string Name(ParseResult result) => result.GetValue(_name) ?? Environment.MachineName;

    public bool AnyWebhookHost(ParseResult result) => result.GetValue(_anyWebhookHost);

    public string[] WebhookHosts(ParseResult result) => result.GetValue(_webhookHosts) ?? [];

    public int SharePort(ParseResult result) => result.GetValue(_sharePort);

    public bool SharesBlobs(ParseResult result) => !result.GetValue(_noShare);

    /// <summary>The largest cache in bytes; null for the agent's own choice.</summary>
    /// <exception cref="RefusedException">It is no size.</exception>
    public long? Cache(ParseResult result)
    {
        if (result.GetValue(_cache) is not { } text)
        {
            return null;
        }

        return Quantity.TryParseBytes(text, out long bytes)
            ? bytes
            : throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue, "cache", text, "it is a size in bytes", "Write it like 20G or 500MiB"));
    }

    /// <summary>Where to listen.</summary>
    /// <exception cref="RefusedException">It is no address and port.</exception>
    public IPEndPoint Listen(ParseResult result)
    {
        string text = result.GetValue(_listen) ?? $"127.0.0.1:{DefaultPort}";
        string full = text.Replace("localhost", "127.0.0.1", StringComparison.Ordinal);
        return full.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(full, out IPEndPoint? endPoint)
            ? endPoint
            : throw new RefusedException(new Refusal(
                RefusalCode.InvalidValue,
                "listen",
                text,
                "it is an address and a port",
                $"Write it like 127.0.0.1:{DefaultPort}"));
    }

    /// <summary>A source that is cancelled by <paramref name="stop"/>, and with the parent where that was asked for.
    /// </summary>
    public CancellationTokenSource EndOf(ParseResult result, CancellationToken stop)
    {
        CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (result.GetValue(_untilInputCloses))
        {
            ParentWatch.Start(end);
        }

        return end;
    }

    /// <summary>Waits until a service ends by itself or is told to.</summary>
    public static async Task WaitAsync(Task completion, CancellationToken end)
    {
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = end.Register(told.SetResult);
        await await Task.WhenAny(completion, told.Task);
    }
}
