using Ptorrent.Model;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Sdk;

/// <summary>A job has no product, and will have none: its program failed, or it was cancelled.</summary>
/// <param name="status">The job at its end: Failed or Cancelled.</param>
public sealed class JobEndedException(JobStatus status) : PtorrentException(Describe(status))
{
    /// <summary>The job at its end: Failed or Cancelled.</summary>
    public JobStatus Status { get; } = status;

    /// <summary>Never: the same program would fail again.</summary>
    public override bool IsTransient => false;

    private static string Describe(JobStatus status) => status switch
    {
        { State: JobState.Cancelled } => $"{status.Id} was cancelled.",
        { Failure: { Message.Length: > 0 } failure } =>
            $"{status.Id} failed at index {failure.Index} ({failure.Code}): {failure.Message.TrimEnd()}",
        { Failure: { } failure } => $"{status.Id} failed at index {failure.Index} ({failure.Code}).",
        _ => $"{status.Id} failed.",
    };
}
