using Dapper;
using Microsoft.Data.Sqlite;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Harbor.Storage;

public sealed class HarborDatabaseTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("ptorrent-database-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void Open_AgainAndAgain_KeepsTheIdAndRaisesTheEpoch()
    {
        HarborId id;
        using (HarborDatabase first = HarborDatabase.Open(_home))
        {
            id = first.Id;
            Assert.NotEqual(0UL, id.Value);
            Assert.Equal(1, first.Epoch.Value);
        }

        using HarborDatabase second = HarborDatabase.Open(_home);
        Assert.Equal(id, second.Id);
        Assert.Equal(2, second.Epoch.Value);
    }

    [Fact]
    public void Open_ADatabaseOfANewerVersion_IsRefused()
    {
        using (HarborDatabase database = HarborDatabase.Open(_home))
        {
            using SqliteConnection connection = database.Connect();
            connection.Execute("PRAGMA user_version = 99");
        }

        StorageException exception = Assert.Throws<StorageException>(() => HarborDatabase.Open(_home));
        Assert.Contains("newer ptorrent", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WhatIsNoDatabase_SaysSo()
    {
        File.WriteAllText(Path.Combine(_home, "harbor.db"), new string('x', 5000));
        StorageException exception = Assert.Throws<StorageException>(() => HarborDatabase.Open(_home));
        Assert.Contains(_home, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WriteAll_OneOfThemFails_StoresNone()
    {
        using HarborDatabase database = HarborDatabase.Open(_home);
        using RecordWriter writer = new(database.ConnectToWrite(0));
        StorageRecord segment = Segment(0);
        Assert.Throws<SqliteException>(() => writer.WriteAll([segment, Segment(1), segment]));

        using HarborReader reader = new(database);
        Assert.Empty(Read(reader, new JobId(1), 0, 0, 100));
        writer.WriteAll([segment, Segment(1)]);
        Assert.Equal(2, Read(reader, new JobId(1), 0, 0, 100).Count);
    }

    [Fact]
    public void WriteAll_BeyondTheSizeOfTheDatabase_IsFullAndTheRestStays()
    {
        using HarborDatabase database = HarborDatabase.Open(_home);
        using RecordWriter writer = new(database.ConnectToWrite(1 << 20));
        long begin = 0;
        SqliteException full = Assert.Throws<SqliteException>(() =>
        {
            for (; begin < 100; begin++)
            {
                writer.WriteAll([Segment(begin, 60_000)]);
            }
        });

        Assert.Equal(SQLitePCL.raw.SQLITE_FULL, full.SqliteErrorCode);
        Assert.InRange(begin, 10, 17);
        using HarborReader reader = new(database);
        Assert.Equal(begin, Read(reader, new JobId(1), 0, 0, 100).Count);

        // And after something was taken away it goes on.
        writer.WriteAll([new StorageRecord.JobRemoved(new JobId(1))]);
        writer.WriteAll([Segment(0, 60_000)]);
    }

    [Fact]
    public void ReadSegments_OfManyAndLarge_ComesInPages()
    {
        using HarborDatabase database = HarborDatabase.Open(_home);
        using RecordWriter writer = new(database.ConnectToWrite(0));
        writer.WriteAll([.. Enumerable.Range(0, 50).Select(i => Segment(i, 60_000))]);
        using HarborReader reader = new(database);
        List<SegmentRow> page = Read(reader, new JobId(1), 0, 7, 50);

        Assert.Equal(18, page.Count);
        Assert.Equal(new IndexRange(7, 8), page[0].Range);
        Assert.Equal(5, Read(reader, new JobId(1), 0, 45, 50).Count);
        Assert.Empty(Read(reader, new JobId(1), 1, 0, 50));
        Assert.Empty(Read(reader, new JobId(2), 0, 0, 50));
    }

    private static List<SegmentRow> Read(HarborReader reader, JobId job, int round, long begin, long end)
    {
        List<SegmentRow> rows = [];
        reader.ReadSegments(job, round, begin, end, rows);
        return rows;
    }

    private static StorageRecord.SegmentAdded Segment(long begin, int bytes = 10) => new(
        new JobId(1),
        0,
        new IndexRange(begin, begin + 1),
        new AgentId(ulong.MaxValue),
        new Fuel(1),
        SegmentContent.Of(new byte[bytes]));
}
