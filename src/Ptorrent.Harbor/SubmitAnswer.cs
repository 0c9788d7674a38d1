using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor;

/// <summary>What became of a submission or a cancellation.</summary>
/// <param name="IsNew">Whether the job is a new one.</param>
/// <param name="Refusal">Why not, or null.</param>
internal readonly record struct SubmitAnswer(bool IsNew, Refusal? Refusal);
