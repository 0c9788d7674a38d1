using System.CommandLine;
using Microsoft.Extensions.Logging;
using Ptorrent.Agent;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Hosting;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent agent</c>: shares this machine with a harbor until it is told to end.</summary>
internal static class AgentCommand
{
    public static Command Create(GlobalOptionSet globals)
    {
        ServiceOptions services = new();
        Command command = new("agent", "Share this machine with a harbor.");
        services.AddTo(command, harbor: false, agent: true);
        CommandBody.Set(command, globals, async (context, result, stop) =>
        {
            using CancellationTokenSource end = services.EndOf(result, stop);
            Uri harbor = context.Options.Harbor is { } named
                ? HarborFinder.ParseAddress(named)
                : await HarborFinder.FindAddressAsync(context.Options, end.Token);
            AgentOptions options = OptionsOf(
                context, services, result, harbor, HarborFinder.ReadKey(context.Options));
            using ILoggerFactory loggers = Loggers.ForService(context.Options.Quiet);
            await using AgentHost agent = await AgentHost.StartAsync(options, loggers, end.Token);
            new ServiceReport(Agent: agent.Id.ToString(), Slots: options.SlotCount).Tell(context);
            await ServiceOptions.WaitAsync(agent.Completion, end.Token);
            return ExitCode.Success;
        });
        return command;
    }

    internal static AgentOptions OptionsOf(
        CommandContext context, ServiceOptions services, ParseResult result, Uri harbor, string accessKey)
    {
        RuntimeFiles files = RuntimeFiles.Find();
        return new AgentOptions
        {
            HomeDirectory = context.Options.AgentHome,
            Harbor = harbor,
            AccessKey = accessKey,
            SlotCount = services.Slots.Read(result),
            Name = services.Name(result),
            BlobCacheBytesMax = services.Cache(result),
            SharesBlobs = services.SharesBlobs(result),
            SharePort = services.SharePort(result),
            RuntimePath = files.RuntimePath,
            ExecutorPath = files.ExecutorPath,
        };
    }
}
