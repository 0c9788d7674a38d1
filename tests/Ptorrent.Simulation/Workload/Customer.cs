using Ptorrent.Model.Refusals;

namespace Ptorrent.Simulation.Workload;

/// <summary>Whoever submits a job, and perhaps cancels it: asks again until there is an answer, as the command line
/// does.</summary>
internal sealed class Customer(World world, JobScript script)
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(2);

    private bool _isAcknowledged;
    private bool _isCancelled;

    /// <summary>Begins at the job's time.</summary>
    public void Start() => world.Schedule.At(script.SubmitAt, Submit);

    private void Submit()
    {
        if (_isAcknowledged)
        {
            return;
        }

        world.Schedule.After(AskEvery, Submit);
        world.Harbor.Submit(script, OnSubmitted);
    }

    private void OnSubmitted(Refusal? refusal)
    {
        world.Trace.Note($"job{script.Number}", refusal is null ? "is acknowledged" : "is refused");
        if (refusal is not null)
        {
            world.Checks.Jobs.OnRefused(script, refusal);
            return;
        }

        world.Checks.Durability.OnAcknowledged(script);
        if (!_isAcknowledged && script.CancelAt is { } cancelAt)
        {
            world.Schedule.At(cancelAt, Cancel);
        }

        _isAcknowledged = true;
    }

    private void Cancel()
    {
        if (_isCancelled)
        {
            return;
        }

        world.Schedule.After(AskEvery, Cancel);
        world.Checks.Jobs.OnCancelAsked(script);
        world.Harbor.Cancel(script.Request.Id, refusal =>
        {
            world.Trace.Note($"job{script.Number}", refusal is null ? "is cancelled" : "is not cancelled");
            if (refusal is null)
            {
                world.Checks.Durability.OnCancelled(script);
            }

            _isCancelled |= refusal?.Code != RefusalCode.NoSpace;
        });
    }
}
