using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox.Frames;

namespace Ptorrent.Sandbox.Slots;

/// <summary>Turns an executor's answer into an outcome, believing nothing that can be checked. Pure.</summary>
internal static class Answers
{
    /// <summary>Reads the answer to <paramref name="run"/>.</summary>
    /// <param name="frame">What came.</param>
    /// <param name="run">The run at the head.</param>
    /// <param name="program">Its program in that process.</param>
    /// <param name="measured">From when it became the head until now.</param>
    /// <param name="rate">What a script's time is worth.</param>
    /// <exception cref="FrameException">It is no answer to that run.</exception>
    internal static RunOutcome Read(
        ExecutorFrame frame, PendingRun run, LoadedProgram program, TimeSpan measured, ComputeRate rate)
    {
        switch (frame)
        {
            case ExecutorFrame.Done done when done.Run == run.Number && program.Refusal is null:
                return ReadDone(done, run, measured, rate);
            case ExecutorFrame.Failed failed when failed.Run == run.Number:
                return ReadFailed(failed, run, program, measured, rate);
            default:
                throw new FrameException("it answered something else than the run that it was asked for");
        }
    }

    private static RunOutcome.Completed ReadDone(
        ExecutorFrame.Done done, PendingRun run, TimeSpan measured, ComputeRate rate)
    {
        if (done.Segment.Length > run.SegmentBytesMax)
        {
            throw new FrameException(
                $"it sent {done.Segment.Length} bytes of output where {run.SegmentBytesMax} are allowed");
        }

        TimeSpan busy = Busy(done.Time, run, measured);
        Fuel burnt = Burnt(done.Burnt, run, busy, rate);
        if (burnt > run.BurntMax && !run.Program.IsScript)
        {
            throw new FrameException($"it says that it burnt {burnt} of {run.BurntMax} fuel and did not stop");
        }

        return new RunOutcome.Completed(done.Segment, burnt, busy);
    }

    private static RunOutcome.Failed ReadFailed(
        ExecutorFrame.Failed failed, PendingRun run, LoadedProgram program, TimeSpan measured, ComputeRate rate)
    {
        if (!run.Covers(failed.Index))
        {
            throw new FrameException($"it failed at index {failed.Index}, which it was not asked for");
        }

        TimeSpan busy = Busy(failed.Time, run, measured);
        Fuel burnt = Burnt(failed.Burnt, run, busy, rate);
        Fuel bounded = burnt > run.BurntMax ? run.BurntMax : burnt;
        ProgramFailure failure = program.Refusal is { } refusal
            ? new ProgramFailure(failed.Index, refusal.Trap, refusal.Message, bounded)
            : new ProgramFailure(failed.Index, failed.Trap, failed.Message, bounded);
        return new RunOutcome.Failed(failure, busy);
    }

    // A script that took over its executor could say anything of its time, and its time is what it costs.
    private static TimeSpan Busy(TimeSpan said, PendingRun run, TimeSpan measured) =>
        run.Program.IsScript || said > measured ? measured : said;

    private static Fuel Burnt(Fuel said, PendingRun run, TimeSpan busy, ComputeRate rate) =>
        run.Program.IsScript ? rate.FuelIn(busy) : said;
}
