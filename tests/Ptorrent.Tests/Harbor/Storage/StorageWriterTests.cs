using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor.Storage;

public sealed class StorageWriterTests
{
    private const int SqliteFull = 13;
    private const int SqliteConstraint = 19;

    [Fact]
    public async Task Add_WhileATransactionIsWritten_GoesIntoTheNextOneTogether()
    {
        ConcurrentQueue<int> groups = new();
        using SemaphoreSlim begun = new(0);
        using ManualResetEventSlim goOn = new();
        StorageWriter writer = Make(records =>
        {
            groups.Enqueue(records.Count);
            begun.Release();
            Assert.True(goOn.Wait(TestHarbor.Patience));
        });
        await writer.AddAsync(Record(0));
        Assert.True(await begun.WaitAsync(TestHarbor.Patience), "the first transaction");
        for (ulong i = 1; i <= 500; i++)
        {
            await writer.AddAsync(Record(i));
        }

        Assert.Equal(0, writer.StoredUpTo);
        goOn.Set();
        await writer.DisposeAsync();
        Assert.Equal([1, 500], groups);
        Assert.Equal(501, writer.StoredUpTo);
    }

    [Fact]
    public async Task Write_DiskFull_SaysSoTriesAgainAndLosesNothing()
    {
        ConcurrentQueue<ulong> stored = new();
        using SemaphoreSlim changed = new(0);
        int attempts = 0;
        StorageWriter writer = Make(
            records =>
            {
                if (Interlocked.Increment(ref attempts) <= 3)
                {
                    throw new SqliteException("database or disk is full", SqliteFull);
                }

                foreach (StorageRecord record in records)
                {
                    stored.Enqueue(((StorageRecord.AgentSeen)record).Agent.Value);
                }
            },
            () => changed.Release());
        await writer.AddAsync(Record(1));
        Assert.True(await changed.WaitAsync(TestHarbor.Patience), "the stall");
        Assert.Contains("full", writer.StalledBecause, StringComparison.Ordinal);
        Assert.Equal(0, writer.StoredUpTo);
        await writer.AddAsync(Record(2));

        while (writer.StoredUpTo < 2)
        {
            Assert.True(await changed.WaitAsync(TestHarbor.Patience), "the end of the stall");
        }

        Assert.Null(writer.StalledBecause);
        Assert.Equal([1UL, 2UL], stored);
        await writer.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_WhileTheDiskIsFull_Ends()
    {
        using SemaphoreSlim changed = new(0);
        StorageWriter writer = Make(
            _ => throw new SqliteException("database or disk is full", SqliteFull), () => changed.Release());
        await writer.AddAsync(Record(1));
        Assert.True(await changed.WaitAsync(TestHarbor.Patience), "the stall");
        await writer.DisposeAsync();
        Assert.True(writer.Completion.IsCompletedSuccessfully);
        Assert.Equal(0, writer.StoredUpTo);
    }

    [Fact]
    public async Task Write_ABug_FaultsTheWriter()
    {
        using SemaphoreSlim changed = new(0);
        StorageWriter writer = Make(
            _ => throw new SqliteException("UNIQUE constraint failed", SqliteConstraint), () => changed.Release());
        await writer.AddAsync(Record(1));
        Assert.True(await changed.WaitAsync(TestHarbor.Patience), "the call after the end");
        await Assert.ThrowsAsync<SqliteException>(() => writer.Completion);
        await writer.DisposeAsync();
    }

    private static StorageWriter Make(Action<IReadOnlyList<StorageRecord>> write, Action? changed = null) =>
        new(write, changed ?? (() => { }), new FastTime(), NullLogger<StorageWriter>.Instance);

    private static StorageRecord.AgentSeen Record(ulong agent) => new(new AgentId(agent), "a");
}
