namespace Ptorrent.Model.Jobs;

/// <summary>The items of a job over the lines of one file: item i is the i-th line, without its line feed.</summary>
/// <param name="File">The file.</param>
/// <param name="Count">Its lines; a last one without a line feed counts. The harbor counts them itself.</param>
public sealed record InputLines(InputFile File, long Count);
