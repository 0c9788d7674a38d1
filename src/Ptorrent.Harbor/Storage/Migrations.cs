using System.Collections.Immutable;

namespace Ptorrent.Harbor.Storage;

/// <summary>
/// The schema, as the steps that lead to it. A step that was released is never changed; a new one is put at the end.
/// The database's <c>user_version</c> counts the steps it has seen.
/// </summary>
internal static class Migrations
{
    /// <summary>
    /// 1. Jobs with their request; the final status as JSON from the moment in which the product is whole or the job
    /// has failed or was cancelled. Segments are clustered by job, round and begin, which is the order in which they
    /// are read. Ids are the 64 bits of theirs as a signed number.
    /// </summary>
    private const string First = """
        CREATE TABLE meta (
            key TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE jobs (
            id INTEGER NOT NULL PRIMARY KEY,
            number INTEGER NOT NULL UNIQUE,
            request BLOB NOT NULL,
            submitted_at INTEGER NOT NULL,
            state INTEGER NOT NULL,
            ended_at INTEGER,
            status BLOB
        ) STRICT;

        CREATE INDEX jobs_by_state ON jobs (state);

        CREATE TABLE segments (
            job INTEGER NOT NULL,
            round INTEGER NOT NULL,
            begin INTEGER NOT NULL,
            "end" INTEGER NOT NULL,
            agent INTEGER NOT NULL,
            fuel INTEGER NOT NULL,
            size INTEGER NOT NULL,
            content BLOB,
            digest BLOB,
            PRIMARY KEY (job, round, begin)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE deliveries (
            job INTEGER NOT NULL,
            number INTEGER NOT NULL,
            state INTEGER NOT NULL,
            detail TEXT NOT NULL,
            PRIMARY KEY (job, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE agents (
            id INTEGER NOT NULL PRIMARY KEY,
            name TEXT NOT NULL
        ) STRICT;
        """;

    /// <summary>2. What the harbor learned of an agent's speed: fuel a second of one slot.</summary>
    private const string AgentRates = "ALTER TABLE agents ADD COLUMN slot_rate REAL;";

    /// <summary>3. Checksums (<see cref="RowChecksum"/>); what was stored before has none.</summary>
    private const string Checksums = """
        ALTER TABLE segments ADD COLUMN checksum INTEGER;
        ALTER TABLE jobs ADD COLUMN checksum INTEGER;
        """;

    public static ImmutableArray<string> All { get; } = [First, AgentRates, Checksums];
}
