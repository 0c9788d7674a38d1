using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Display;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Cli.Commands;

/// <summary>Tells how a job ended.</summary>
internal static class JobOutcome
{
    /// <summary>Says it to a person, or writes it as JSON.</summary>
    public static void Tell(CommandContext context, JobStatus status, ProductTarget target)
    {
        if (context.Options.Json)
        {
            CommandContext.WriteJson(status, ModelJson.Default.JobStatus, target.IsStandardOutput);
        }

        if (status.State is JobState.Failed or JobState.Cancelled)
        {
            context.Terminal.Fail(ErrorText.DescribeEnd(status));
            return;
        }

        foreach (DeliveryStatus delivery in status.Deliveries.Where(d => d.State == DeliveryState.Refused))
        {
            context.Terminal.Fail($"{delivery.Acceptor} did not take the product: {delivery.Detail}");
        }

        if (!context.Options.Json)
        {
            context.Terminal.Note(Summary(status, target));
        }
    }

    /// <summary>Failure where the job failed or an acceptor did not take its product.</summary>
    public static int ExitCodeOf(JobStatus status) =>
        status.State is JobState.Failed or JobState.Cancelled
            || status.Deliveries.Any(d => d.State == DeliveryState.Refused)
            ? ExitCode.Failure
            : ExitCode.Success;

    private static string Summary(JobStatus status, ProductTarget target)
    {
        string took = status.EndedAt is { } ended ? $" in {Took(ended - status.SubmittedAt)}" : string.Empty;
        string agents = status.Contributions.Length > 1 ? $" on {status.Contributions.Length} agents" : string.Empty;
        string where = target.Description is { } path ? $", in {path}" : string.Empty;
        string count = Figures.OfCount(status.Range.Count);
        return $"done: {count} indices{took}, {Figures.OfFuel(status.Burnt)}{agents}{where}";
    }

    private static string Took(TimeSpan time) =>
        time < TimeSpan.FromSeconds(10)
            ? time.TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture) + " s"
            : Figures.OfTime(time);
}
