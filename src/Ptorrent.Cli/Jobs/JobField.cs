namespace Ptorrent.Cli.Jobs;

/// <summary>One thing that can be said about a job: an option <c>--NAME</c>, and a key <c>NAME</c> of a job
/// file.</summary>
/// <param name="Name">In kebab case.</param>
/// <param name="ValueName">What stands for the value in the help text.</param>
/// <param name="Shape">One value, several, or pairs.</param>
/// <param name="Help">What it does, for the help text.</param>
/// <param name="Set">Puts one value into the options; throws <see cref="Model.Refusals.RefusedException"/> where it is
/// no such value.</param>
internal sealed record JobField(
    string Name,
    string ValueName,
    JobFieldShape Shape,
    string Help,
    Func<JobOptions, string, JobOptions> Set);
