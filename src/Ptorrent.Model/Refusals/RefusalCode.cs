namespace Ptorrent.Model.Refusals;

/// <summary>
/// Why something was refused. Stable: numbers travel on the wire and are stored; they are only ever added, never
/// reused.
/// </summary>
public enum RefusalCode
{
    /// <summary>A code that this version does not know.</summary>
    Unknown = 0,

    /// <summary>A field's value breaks a rule.</summary>
    InvalidValue = 1,

    /// <summary>A field that must be given is absent.</summary>
    Missing = 2,

    /// <summary>Two fields exclude each other.</summary>
    Conflict = 3,

    /// <summary>The named thing does not exist.</summary>
    NotFound = 4,

    /// <summary>The id exists already with other content.</summary>
    AlreadyExists = 5,

    /// <summary>The program is no WebAssembly module, or a broken one.</summary>
    MalformedModule = 6,

    /// <summary>The module uses a feature that the sandbox does not offer.</summary>
    UnsupportedModule = 7,

    /// <summary>The module needs an import that the sandbox does not offer.</summary>
    UnknownImport = 8,

    /// <summary>The program lacks an export that its kind needs.</summary>
    MissingExport = 9,

    /// <summary>The program asks for more memory than its limit or than any device has.</summary>
    TooMuchMemory = 10,

    /// <summary>The bytes do not have the digest that was given for them.</summary>
    DigestMismatch = 11,

    /// <summary>Something is larger than its limit.</summary>
    TooLarge = 12,

    /// <summary>No access key, or a wrong one.</summary>
    Unauthorized = 13,

    /// <summary>The harbor's operator does not allow this.</summary>
    Forbidden = 14,

    /// <summary>The harbor or the device has no room left.</summary>
    NoSpace = 15,

    /// <summary>The job is in a state that does not allow this.</summary>
    WrongState = 16,

    /// <summary>The script could not be loaded.</summary>
    MalformedScript = 17,

    /// <summary>Too many at once; try again later.</summary>
    Busy = 18,
}
