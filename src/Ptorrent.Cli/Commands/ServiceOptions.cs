using System.CommandLine;
using System.Net;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Hosting;
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
        }

        command.Options.Add(_name);
        command.Options.Add(_untilInputCloses);
    }

    public string Name(ParseResult result) => result.GetValue(_name) ?? Environment.MachineName;

    public bool AnyWebhookHost(ParseResult result) => result.GetValue(_anyWebhookHost);

    public string[] WebhookHosts(ParseResult result) => result.GetValue(_webhookHosts) ?? [];

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
