using Ptorrent.Harbor.Storage;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>A record that was given to storage and is not known to be durable.</summary>
/// <param name="Record">The record.</param>
/// <param name="Job">The job that it is about, if it is about one.</param>
/// <param name="Commit">Of a segment: whose word it came by.</param>
internal readonly record struct UnstoredRecord(StorageRecord Record, JobRecord? Job, CommitSource? Commit);

/// <summary>Whose word a segment came by.</summary>
/// <param name="Child">The agent's link.</param>
/// <param name="Lease">Its lease.</param>
/// <param name="Upto">One past the last index, as the agent said it.</param>
internal readonly record struct CommitSource(ChildId Child, LeaseId Lease, long Upto);
