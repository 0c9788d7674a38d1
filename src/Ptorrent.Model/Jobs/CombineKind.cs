namespace Ptorrent.Model.Jobs;

/// <summary>
/// How the outputs of a job's indices become one product. Every kind is associative, so that outputs may be combined on
/// any level in any grouping, always in the order of the indices. Numbers travel and are stored; they only grow.
/// </summary>
public enum CombineKind
{
    /// <summary>A kind that this version does not know.</summary>
    Unknown = 0,

    /// <summary>Standard outputs, one after another.</summary>
    Concat = 1,

    /// <summary>Standard outputs, each ended by a line feed where it does not end with one; an empty one adds
    /// nothing.</summary>
    Lines = 2,

    /// <summary>One file an index, and the files that the program wrote.</summary>
    Files = 3,

    /// <summary>Outputs are decimal numbers separated by white space, the same count from every index; each column's
    /// sum, exact.</summary>
    Sum = 4,

    /// <summary>As <see cref="Sum"/>, the smallest of each column.</summary>
    Min = 5,

    /// <summary>As <see cref="Sum"/>, the largest of each column.</summary>
    Max = 6,

    /// <summary>The program's own merge function.</summary>
    Merge = 7,

    /// <summary>Outputs are lines that begin with a decimal number, alone or before a tab and a text; the lines with
    /// the largest numbers, as many as the job says.</summary>
    Top = 8,

    /// <summary>Outputs are lines that are a key, or a key, a tab and a number; each key with the sum of its numbers,
    /// where a key alone counts for one.</summary>
    Histogram = 9,
}
