namespace Ptorrent.Sandbox.Slots;

// Runs of a tentative form count only if they end well.
internal sealed partial class SlotRuns
{
    private Task _makingExact = Task.CompletedTask;

    /// <summary>Ends a run, or repeats it where its outcome does not count.</summary>
    private void End(PendingRun run, LoadedProgram program, RunOutcome outcome)
    {
        if (outcome is RunOutcome.Completed || !program.Form.IsTentative || run.IsAbandoned)
        {
            run.Complete(outcome);
            _ended.Enqueue(run);
            return;
        }

        LogRepeatedExactly(_index, run.Number, run.Program.Load.Name);
        run.CrashCount = 0;
        _waiting.AddFirst(run);
        if (run.Program.Form.IsTentative && _makingExact.IsCompleted)
        {
            _makingExact = MakeExactAsync(run.Program);
        }
    }

    private async Task MakeExactAsync(SandboxProgram program)
    {
        // Off the caller's stack: it holds the lock.
        await Task.Yield();
        program.UseExactForm();
        lock (_gate)
        {
            _makingExact = Task.CompletedTask;
            Pump();
        }

        TellEnded();
    }
}
