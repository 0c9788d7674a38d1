using Dapper;
using Microsoft.Data.Sqlite;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Harbor.Storage;

// Goal: what the disk changed is found before anybody gets it.
// Method: a database with known contents; one bit of its file is turned, anywhere, many times. Whatever can still be
// read must be what was written.
public sealed class DamagedDatabaseTests : IDisposable
{
    private const int SegmentCount = 60;
    private const int Rounds = 300;

    private static readonly JobId Job = new(7);
    private static readonly byte[] Request = [.. Enumerable.Range(0, 5000).Select(i => (byte)((i * 11) & 0xFF))];

    private readonly string _home = Directory.CreateTempSubdirectory("ptorrent-damage-").FullName;
    private readonly string _file;

    public DamagedDatabaseTests() => _file = Path.Combine(_home, "harbor.db");

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void AnyBitTurned_WhatCanBeReadIsWhatWasWritten()
    {
        Write();
        (int found, int sound, int wrong) = TurnBits();

        // Much of the file is contents; some bits are nobody's.
        Assert.Equal(0, wrong);
        Assert.InRange(found, Rounds / 4, Rounds);
        Assert.InRange(sound, 1, Rounds * 3 / 4);
    }

    // The test above is not blind: without checksums the database gives out what the disk made of it.
    [Fact]
    public void AnyBitTurned_WithoutChecksums_IsReadAsItIs()
    {
        Write();
        RemoveChecksums();
        Assert.InRange(TurnBits().Wrong, 1, Rounds);
    }

    [Fact]
    public void SegmentChanged_IsRefusedByName_TheOthersAreRead()
    {
        Write();
        using HarborDatabase database = HarborDatabase.Open(_home);
        using (SqliteConnection connection = database.Connect())
        {
            connection.Execute("UPDATE segments SET content = zeroblob(length(content)) WHERE begin = 5");
        }

        using HarborReader reader = new(database);
        List<SegmentRow> rows = [];
        reader.ReadSegments(Job, 0, 0, 5, rows);
        Assert.Equal(5, rows.Count);
        StorageException exception =
            Assert.Throws<StorageException>(() => reader.ReadSegments(Job, 0, 5, 6, rows));
        Assert.Contains(Job.ToString(), exception.Message, StringComparison.Ordinal);
        Assert.Contains("5..6", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RowsOfBefore_HaveNoChecksum_AndAreRead()
    {
        Write();
        RemoveChecksums();
        AssertSound();
    }

    /// <summary>Turns one bit of the file, again and again.</summary>
    /// <returns>How often that was found, meant nothing, or gave wrong bytes.</returns>
    private (int Found, int Sound, int Wrong) TurnBits()
    {
        byte[] original = File.ReadAllBytes(_file);
        Prng prng = new(1);
        (int found, int sound, int wrong) = (0, 0, 0);
        for (int i = 0; i < Rounds; i++)
        {
            byte[] damaged = original.ToArray();
            damaged[prng.Below(damaged.Length)] ^= (byte)(1 << (int)prng.Below(8));
            foreach (string path in Directory.GetFiles(_home))
            {
                File.Delete(path);
            }

            File.WriteAllBytes(_file, damaged);
            Exception? exception = Record.Exception(AssertSound);
            sound += exception is null ? 1 : 0;
            wrong += exception is Xunit.Sdk.XunitException ? 1 : 0;
            found += exception is null or Xunit.Sdk.XunitException ? 0 : 1;
        }

        return (found, sound, wrong);
    }

    private void RemoveChecksums()
    {
        using HarborDatabase database = HarborDatabase.Open(_home);
        using SqliteConnection connection = database.Connect();
        connection.Execute("UPDATE segments SET checksum = NULL; UPDATE jobs SET checksum = NULL;");
        connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private void AssertSound()
    {
        using HarborDatabase database = HarborDatabase.Open(_home);
        AssertSound(database);
    }

    private static void AssertSound(HarborDatabase database)
    {
        using HarborReader reader = new(database);
        if (reader.FindRequest(Job) is { } request)
        {
            Assert.Equal(Request, request);
        }

        for (long begin = 0; begin < SegmentCount; begin++)
        {
            List<SegmentRow> rows = [];
            reader.ReadSegments(Job, 0, begin, begin + 1, rows);
            Assert.InRange(rows.Count, 0, 1);
            Assert.All(rows, row => Assert.Equal(new IndexRange(begin, begin + 1), row.Range));
            Assert.All(rows, row => Assert.Equal(ContentOf(begin), row.Content.Inline.ToArray()));
        }
    }

    private void Write()
    {
        using HarborDatabase database = HarborDatabase.Open(_home);
        using (RecordWriter writer = new(database.ConnectToWrite(0)))
        {
            writer.WriteAll(
            [
                new StorageRecord.JobAdded(Job, 1, Request, DateTimeOffset.UnixEpoch, 0),
                .. Enumerable.Range(0, SegmentCount).Select(i => new StorageRecord.SegmentAdded(
                    Job,
                    0,
                    new IndexRange(i, i + 1),
                    new AgentId(3),
                    new Fuel(1),
                    SegmentContent.Of(ContentOf(i)))),
            ]);
        }

        using SqliteConnection connection = database.Connect();
        connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private static byte[] ContentOf(long begin) =>
        [.. Enumerable.Range(0, 1000 + (int)(begin * 40)).Select(i => (byte)(((i * 7) + begin) & 0xFF))];
}
