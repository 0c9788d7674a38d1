namespace Ptorrent.Model.Programs;

/// <summary>What a program is made of and how it is called. Numbers travel and are stored; they only grow.</summary>
public enum ProgramKind
{
    /// <summary>A kind that this version does not know.</summary>
    Unknown = 0,

    /// <summary>A WASI preview 1 command: arguments, standard input and files in; standard output and files
    /// out.</summary>
    Wasi = 1,

    /// <summary>A WebAssembly module with a range function; see docs/programs.md.</summary>
    Kernel = 2,

    /// <summary>A JavaScript or TypeScript module with a default export; see docs/programs.md.</summary>
    Script = 3,
}
