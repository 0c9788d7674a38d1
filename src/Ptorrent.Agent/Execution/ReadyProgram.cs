using Ptorrent.Sandbox;

namespace Ptorrent.Agent.Execution;

/// <summary>A program that can be run, with the job's lines where the job is over lines.</summary>
internal readonly record struct ReadyProgram(SandboxProgram Program, JobLines? Lines);
