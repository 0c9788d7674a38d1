using System.CommandLine;
using System.Globalization;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Display;
using Ptorrent.Cli.Hosting;
using Ptorrent.Model.Network;
using Ptorrent.Model.Serialization;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent network</c>: what the harbor has at hand.</summary>
internal static class NetworkCommand
{
    private static readonly string[] Heads = ["AGENT", "SLOTS", "BUSY", "FUEL/S", "SINCE", "NAME"];

    public static Command Create(GlobalOptionSet globals)
    {
        Command command = new("network", "Show the harbor and its agents.");
        CommandBody.Set(command, globals, async (context, _, stop) =>
        {
            using PtorrentClient client = await HarborFinder.FindAsync(context.Options, stop);
            NetworkStatus network = await client.GetNetworkAsync(stop);
            if (context.Options.Json)
            {
                CommandContext.WriteJson(network, ModelJson.Default.NetworkStatus);
                return ExitCode.Success;
            }

            string counts = string.Create(
                CultureInfo.InvariantCulture,
                $"{network.Agents.Length} agents, {network.Agents.Sum(a => a.SlotCount)} slots, "
                + $"{network.OpenJobCount} open jobs");
            Console.Out.WriteLine(
                Terminal.Plain($"harbor {network.Name} ({network.Harbor}) at {client.Address}: {counts}"));
            if (!network.Agents.IsEmpty)
            {
                Console.Out.Write(TextTable.Format(Heads, [.. network.Agents.Select(Row)]));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static string[] Row(AgentStatus agent) =>
    [
        agent.Id.ToString(),
        agent.SlotCount.ToString(CultureInfo.InvariantCulture),
        agent.BusySlotCount.ToString(CultureInfo.InvariantCulture),
        Figures.Short(agent.FuelPerSecond).TrimEnd(),
        agent.ConnectedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        agent.Name,
    ];
}
