namespace Ptorrent.Harbor.State;

/// <summary>The present, by two clocks.</summary>
/// <param name="Utc">What people call it; it may jump.</param>
/// <param name="Elapsed">Time since the harbor started; it never goes back, and what is decided goes by it.</param>
internal readonly record struct Moment(DateTimeOffset Utc, TimeSpan Elapsed);
