namespace Ptorrent.Cli.Jobs;

/// <summary>How often a field can be given.</summary>
internal enum JobFieldShape
{
    /// <summary>Once.</summary>
    One,

    /// <summary>Any number of times; a list in a job file.</summary>
    Many,

    /// <summary>Any number of <c>KEY=VALUE</c>; a mapping in a job file.</summary>
    Pairs,
}
