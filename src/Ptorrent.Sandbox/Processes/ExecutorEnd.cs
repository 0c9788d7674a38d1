namespace Ptorrent.Sandbox.Processes;

/// <summary>Why an executor is no more.</summary>
/// <param name="IsNonsense">It broke the protocol; otherwise its process ended or was killed.</param>
/// <param name="IsOutOfMemory">It said on standard error that memory ran out, or ended as programs do then.</param>
/// <param name="Text">What happened, as a part of a sentence: "it ended with exit code 1 (…)".</param>
internal sealed record ExecutorEnd(bool IsNonsense, bool IsOutOfMemory, string Text);
