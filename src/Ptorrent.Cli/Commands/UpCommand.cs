using System.CommandLine;
using Microsoft.Extensions.Logging;
using Ptorrent.Agent;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Hosting;
using Ptorrent.Harbor;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent up</c>: a harbor and an agent in one process.</summary>
internal static class UpCommand
{
    public static Command Create(GlobalOptionSet globals)
    {
        ServiceOptions services = new();
        Command command = new("up", "Run a harbor and share this machine with it.");
        services.AddTo(command, harbor: true, agent: true);
        CommandBody.Set(command, globals, async (context, result, stop) =>
        {
            HarborOptions harborOptions = HarborCommand.OptionsOf(context, services, result);
            int slotCount = services.Slots.Read(result);
            using CancellationTokenSource end = services.EndOf(result, stop);
            using ILoggerFactory loggers = Loggers.ForService(context.Options.Quiet);
            await using HarborHost harbor = await HarborHost.StartAsync(harborOptions, loggers, end.Token);
            AgentOptions agentOptions =
                AgentCommand.OptionsOf(context, services, result, harbor.Address, harbor.AccessKey);
            await using AgentHost agent = await AgentHost.StartAsync(agentOptions, loggers, end.Token);
            ServiceReport report = HarborCommand.ReportOf(context, harbor) with
            {
                Agent = agent.Id.ToString(),
                Slots = slotCount,
            };
            report.Tell(context);
            await ServiceOptions.WaitAsync(Task.WhenAny(harbor.Completion, agent.Completion).Unwrap(), end.Token);
            return ExitCode.Success;
        });
        return command;
    }
}
