namespace Ptorrent.Model.Jobs;

/// <summary>One event of a job's progress stream: its status now, and whether it is the last.</summary>
/// <param name="Status">The job as it is.</param>
/// <param name="Last">No more events follow: the job is Accepted, Failed or Cancelled.</param>
public sealed record JobProgress(JobStatus Status, bool Last);
