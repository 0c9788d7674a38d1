using System.Text.Json;
using System.Text.Json.Serialization;
using Ptorrent.Cli.CommandLine;

namespace Ptorrent.Cli.Commands;

/// <summary>What a service says once it is ready, as one line of JSON on standard output.</summary>
/// <param name="Harbor">The harbor's id, where one was started.</param>
/// <param name="Address">Where that harbor listens.</param>
/// <param name="KeyFile">The file with its access key.</param>
/// <param name="Agent">The agent's id, where one was started.</param>
/// <param name="Slots">Its executors.</param>
internal sealed record ServiceReport(
    string? Harbor = null, string? Address = null, string? KeyFile = null, string? Agent = null, int? Slots = null)
{
    /// <summary>Tells it as JSON or in words.</summary>
    public void Tell(CommandContext context)
    {
        if (context.Options.Json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(this, ServiceReportJson.Default.ServiceReport));
            return;
        }

        if (Address is not null)
        {
            context.Terminal.Note($"harbor {Harbor} listens on {Address}; its access key is in {KeyFile}");
        }

        if (Agent is not null)
        {
            string executors = Slots == 1 ? "1 executor" : $"{Slots} executors";
            context.Terminal.Note($"agent {Agent} gives {executors}; Ctrl-C ends it");
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServiceReport))]
internal sealed partial class ServiceReportJson : JsonSerializerContext;
