using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Harbor.Storage;

/// <summary>Writes records into the database, many in one transaction. Its statements are prepared once. Not for
/// several threads.</summary>
internal sealed class RecordWriter : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _addJob;
    private readonly SqliteCommand _addDelivery;
    private readonly SqliteCommand _removeJob;
    private readonly SqliteCommand _endJob;
    private readonly SqliteCommand _addSegment;
    private readonly SqliteCommand _endDelivery;
    private readonly SqliteCommand _seeAgent;
    private readonly SqliteCommand _learnRate;

    /// <summary>Owns the connection from here on.</summary>
    public RecordWriter(SqliteConnection connection)
    {
        _connection = connection;
        _addJob = Prepare(
            """
            INSERT INTO jobs (id, number, request, submitted_at, state, checksum)
            VALUES ($job, $number, $request, $at, $state, $checksum)
            """,
            "$job", "$number", "$request", "$at", "$state", "$checksum");
        _addDelivery = Prepare(
            "INSERT INTO deliveries (job, number, state, detail) VALUES ($job, $number, $state, '')",
            "$job", "$number", "$state");
        _removeJob = Prepare(
            "DELETE FROM segments WHERE job = $job; DELETE FROM deliveries WHERE job = $job; "
            + "DELETE FROM jobs WHERE id = $job;",
            "$job");
        _endJob = Prepare(
            "UPDATE jobs SET state = $state, ended_at = $at, status = $status WHERE id = $job",
            "$job", "$state", "$at", "$status");
        _addSegment = Prepare(
            """
            INSERT INTO segments (job, round, begin, "end", agent, fuel, size, content, digest, checksum)
            VALUES ($job, $round, $begin, $end, $agent, $fuel, $size, $content, $digest, $checksum)
            """,
            "$job", "$round", "$begin", "$end", "$agent", "$fuel", "$size", "$content", "$digest", "$checksum");
        _endDelivery = Prepare(
            "UPDATE deliveries SET state = $state, detail = $detail WHERE job = $job AND number = $number",
            "$job", "$number", "$state", "$detail");
        _seeAgent = Prepare(
            "INSERT INTO agents (id, name) VALUES ($agent, $name) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            "$agent", "$name");
        _learnRate = Prepare("UPDATE agents SET slot_rate = $rate WHERE id = $agent", "$agent", "$rate");
    }

    /// <summary>Stores all of <paramref name="records"/> in their order, or none. They are durable when it
    /// returns.</summary>
    /// <exception cref="SqliteException">The database refused; nothing was stored.</exception>
    public void WriteAll(IReadOnlyList<StorageRecord> records)
    {
        using SqliteTransaction transaction = _connection.BeginTransaction();
        for (int i = 0; i < records.Count; i++)
        {
            Write(records[i], transaction);
        }

        transaction.Commit();
    }

    public void Dispose()
    {
        _addJob.Dispose();
        _addDelivery.Dispose();
        _removeJob.Dispose();
        _endJob.Dispose();
        _addSegment.Dispose();
        _endDelivery.Dispose();
        _seeAgent.Dispose();
        _learnRate.Dispose();
        _connection.Dispose();
    }

    private void Write(StorageRecord record, SqliteTransaction transaction)
    {
        switch (record)
        {
            case StorageRecord.SegmentAdded segment:
                WriteSegment(segment, transaction);
                break;
            case StorageRecord.JobAdded job:
                Run(
                    _addJob, transaction, Id(job.Job.Value), job.Number, ArrayOf(job.RequestJson),
                    job.SubmittedAt.UtcTicks, (long)JobState.Submitted, RowChecksum.Of(job.RequestJson.Span));
                for (int number = 0; number < job.AcceptorCount; number++)
                {
                    Run(_addDelivery, transaction, Id(job.Job.Value), number, (long)DeliveryState.Pending);
                }

                break;
            case StorageRecord.JobRemoved job:
                Run(_removeJob, transaction, Id(job.Job.Value));
                break;
            case StorageRecord.JobEnded job:
                Run(
                    _endJob, transaction, Id(job.Status.Id.Value), (long)job.Status.State,
                    job.Status.EndedAt?.UtcTicks ?? (object)DBNull.Value,
                    JsonSerializer.SerializeToUtf8Bytes(job.Status, ModelJson.Default.JobStatus));
                break;
            case StorageRecord.DeliveryEnded delivery:
                Run(
                    _endDelivery, transaction, Id(delivery.Job.Value), delivery.Number, (long)delivery.State,
                    delivery.Detail);
                break;
            case StorageRecord.RateLearned rate:
                Run(_learnRate, transaction, Id(rate.Agent.Value), rate.SlotRate);
                break;
            case StorageRecord.AgentSeen agent:
                Run(_seeAgent, transaction, Id(agent.Agent.Value), agent.Name);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void WriteSegment(StorageRecord.SegmentAdded segment, SqliteTransaction transaction) => Run(
        _addSegment,
        transaction,
        Id(segment.Job.Value),
        (long)segment.Round,
        segment.Range.Begin,
        segment.Range.End,
        Id(segment.Agent.Value),
        segment.Burnt.Units,
        segment.Content.SizeBytes,
        segment.Content.Blob is null ? ArrayOf(segment.Content.Inline) : DBNull.Value,
        segment.Content.Blob is { } blob ? blob.ToByteArray() : DBNull.Value,
        RowChecksum.Of(segment.Job, segment.Round, segment.Range, segment.Content));

    private static void Run(SqliteCommand command, SqliteTransaction transaction, params ReadOnlySpan<object> values)
    {
        command.Transaction = transaction;
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        command.ExecuteNonQuery();
    }

    /// <summary>The bytes as an array: a parameter takes nothing else. Contents come as whole arrays, so this is
    /// hardly ever a copy.</summary>
    private static byte[] ArrayOf(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> part) && part.Count == part.Array!.Length
            ? part.Array
            : bytes.ToArray();

    private static long Id(ulong value) => unchecked((long)value);

    private SqliteCommand Prepare(string text, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // The texts are this file's own constants.
        command.CommandText = text;
#pragma warning restore CA2100
        foreach (string parameter in parameters)
        {
            SqliteParameter added = command.CreateParameter();
            added.ParameterName = parameter;
            command.Parameters.Add(added);
        }

        return command;
    }
}
