using System.CommandLine;
using Microsoft.Extensions.Logging;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Hosting;
using Ptorrent.Harbor;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent harbor</c>: runs a harbor until it is told to end.</summary>
internal static class HarborCommand
{
    public static Command Create(GlobalOptionSet globals)
    {
        ServiceOptions services = new();
        Command command = new("harbor", "Run a harbor: takes jobs, hands work to agents, keeps results.");
        services.AddTo(command, harbor: true, agent: false);
        CommandBody.Set(command, globals, async (context, result, stop) =>
        {
            HarborOptions options = OptionsOf(context, services, result);
            using CancellationTokenSource end = services.EndOf(result, stop);
            using ILoggerFactory loggers = Loggers.ForService(context.Options.Quiet);
            await using HarborHost harbor = await HarborHost.StartAsync(options, loggers, end.Token);
            ReportOf(context, harbor).Tell(context);
            await ServiceOptions.WaitAsync(harbor.Completion, end.Token);
            return ExitCode.Success;
        });
        return command;
    }

    internal static HarborOptions OptionsOf(
        CommandContext context, ServiceOptions services, ParseResult result) => new()
    {
        HomeDirectory = context.Options.HarborHome,
        Listen = services.Listen(result),
        Name = services.Name(result),
        WebhookHosts = [.. services.WebhookHosts(result)],
        AnyWebhookHost = services.AnyWebhookHost(result),
    };

    internal static ServiceReport ReportOf(CommandContext context, HarborHost harbor) => new(
        Harbor: harbor.Id.ToString(),
        Address: harbor.Address.ToString(),
        KeyFile: HarborFinder.KeyPathIn(context.Options.HarborHome));
}
