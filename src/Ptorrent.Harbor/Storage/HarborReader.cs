using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;
using Ptorrent.Harbor.State;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;
using Ptorrent.Model.Units;
using Ptorrent.Work.Combining;

namespace Ptorrent.Harbor.Storage;

/// <summary>Reads what is durable. Every call has a connection of its own for its time only; those with prepared
/// statements are kept for the next. For any thread.</summary>
internal sealed class HarborReader(HarborDatabase database) : IDisposable
{
    // As many as there were calls at the same time, so few: a call is over in some microseconds. One that fails loses
    // its connection.
    private readonly ConcurrentBag<PreparedReads> _idle = [];

    /// <summary>The highest number that a job has had; 0 before the first.</summary>
    public long LastJobNumber()
    {
        using SqliteConnection connection = database.Connect();
        return connection.ExecuteScalar<long?>("SELECT max(number) FROM jobs") ?? 0;
    }

    /// <summary>The oldest of the ended jobs that are not to be kept: beyond the newest <paramref name="countMax"/>, or
    /// ended before <paramref name="before"/>. A few hundred at a time, those above a number.</summary>
    public ImmutableArray<(long Number, JobId Job)> ReadJobsToForget(
        int countMax,
        DateTimeOffset before,
        long afterNumber)
    {
        const string Query = """
            SELECT number, id FROM jobs
            WHERE state IN @Ended AND number > @After
              AND (ended_at < @Before
                OR number <= ifnull((
                    SELECT number FROM jobs WHERE state IN @Ended ORDER BY number DESC LIMIT 1 OFFSET @CountMax), 0))
            ORDER BY number LIMIT 256
            """;
        int[] ended = [(int)JobState.Accepted, (int)JobState.Failed, (int)JobState.Cancelled];
        using SqliteConnection connection = database.Connect();
        return
        [
            .. connection
                .Query<(long Number, long Id)>(
                    Query,
                    new { Ended = ended, Before = before.UtcTicks, CountMax = countMax, After = afterNumber })
                .Select(row => (row.Number, new JobId(unchecked((ulong)row.Id)))),
        ];
    }

    /// <summary>Every blob that a stored job names: its program, its inputs, its segments.</summary>
    public HashSet<Digest> ReadNamedBlobs()
    {
        HashSet<Digest> named = [];
        using SqliteConnection connection = database.Connect();
        foreach (byte[] digest in connection.Query<byte[]>(
            "SELECT digest FROM segments WHERE digest IS NOT NULL", buffered: false))
        {
            named.Add(new Digest(digest));
        }

        foreach ((long id, byte[] json) in connection.Query<(long, byte[])>(
            "SELECT id, request FROM jobs", buffered: false))
        {
            JobRequest request = Deserialize(new JobId(unchecked((ulong)id)), json);
            named.Add(request.Program.Digest);
            foreach (InputFile file in request.Files)
            {
                named.Add(file.Digest);
            }
        }

        return named;
    }

    /// <summary>What was learned of agents' speed: fuel a second of one slot.</summary>
    public ImmutableArray<(AgentId Agent, double SlotRate)> ReadRates()
    {
        using SqliteConnection connection = database.Connect();
        return
        [
            .. connection
                .Query<(long Id, double SlotRate)>(
                    "SELECT id, slot_rate FROM agents WHERE slot_rate IS NOT NULL ORDER BY id")
                .Select(row => (new AgentId(unchecked((ulong)row.Id)), row.SlotRate)),
        ];
    }

    /// <summary>The status of a job that reached an end, and its request; null for any other.</summary>
    public JobStatus? FindEnded(JobId id)
    {
        using SqliteConnection connection = database.Connect();
        byte[]? status = connection.ExecuteScalar<byte[]?>(
            "SELECT status FROM jobs WHERE id = @Id AND status IS NOT NULL", new { Id = ToSql(id) });
        return status is null ? null : ReadStatus(connection, id, status);
    }

    /// <summary>The request of a job as it was stored; null if there is no such job.</summary>
    public byte[]? FindRequest(JobId id)
    {
        PreparedReads reads = Rent();
        byte[]? request = reads.FindRequest(id);
        _idle.Add(reads);
        return request;
    }

    /// <summary>A job's request; null if there is no such job.</summary>
    public JobRequest? FindJob(JobId id) => FindRequest(id) is { } json ? Deserialize(id, json) : null;

    /// <summary>The newest jobs that reached an end, newest first.</summary>
    public ImmutableArray<(long Number, JobStatus Status)> ListEnded(int countMax)
    {
        using SqliteConnection connection = database.Connect();
        return
        [
            .. connection
                .Query<(long Number, byte[] Status)>(
                    "SELECT number, status FROM jobs WHERE status IS NOT NULL ORDER BY number DESC LIMIT @CountMax",
                    new { CountMax = countMax })
                .Select(row => (row.Number, Deserialize(row.Status))),
        ];
    }

    /// <summary>Appends the next segments of a round in order, from <paramref name="begin"/> on and below
    /// <paramref name="end"/>: at least one if there is one, and as many more as fit into a page.</summary>
    /// <exception cref="StorageException">The disk changed one of them.</exception>
    public void ReadSegments(JobId job, int round, long begin, long end, List<SegmentRow> rows)
    {
        PreparedReads reads = Rent();
        reads.ReadSegments(job, round, begin, end, rows);
        _idle.Add(reads);
    }

    /// <summary>The highest round of which a job has a segment; 0 where it has none.</summary>
    public int LastRound(JobId job)
    {
        using SqliteConnection connection = database.Connect();
        return connection.ExecuteScalar<int?>(
            "SELECT max(round) FROM segments WHERE job = @Job", new { Job = ToSql(job) }) ?? 0;
    }

    /// <summary>The jobs that go on: those without an end, and those whose acceptors are not all served.</summary>
    /// <exception cref="StorageException">The disk changed the request of one.</exception>
    public ImmutableArray<StoredJob> ReadOpenJobs()
    {
        using SqliteConnection connection = database.Connect();
        List<(long Id, long Number, byte[] Request, long SubmittedAt, byte[]? Status, long? Checksum)> rows =
        [
            .. connection.Query<(long, long, byte[], long, byte[]?, long?)>(
                """
                SELECT id, number, request, submitted_at, status, checksum FROM jobs
                WHERE state IN @States ORDER BY number
                """,
                new { States = new[] { (int)JobState.Submitted, (int)JobState.Running, (int)JobState.Assembled } }),
        ];
        return
        [
            .. rows.Select(r => r.Checksum is null || r.Checksum == RowChecksum.Of(r.Request)
                ? ReadOpenJob(connection, r.Id, r.Number, r.Request, r.SubmittedAt, r.Status)
                : throw new StorageException(
                    $"{new JobId(unchecked((ulong)r.Id))}: its request is damaged in the database.",
                    isTransient: false)),
        ];
    }

    /// <summary>Closes the connections that are kept. Nobody is reading any more.</summary>
    public void Dispose()
    {
        while (_idle.TryTake(out PreparedReads? reads))
        {
            reads.Dispose();
        }
    }

    private PreparedReads Rent() =>
        _idle.TryTake(out PreparedReads? reads) ? reads : new PreparedReads(database.Connect());

    private static StoredJob ReadOpenJob(
        SqliteConnection connection,
        long id,
        long number,
        byte[] requestJson,
        long submittedAt,
        byte[]? status)
    {
        JobRequest request = Deserialize(new JobId(unchecked((ulong)id)), requestJson);
        ImmutableArray<StoredSegment> segments = status is null ? ReadOpenSegments(connection, id) : [];
        return new StoredJob
        {
            Number = number,
            Request = request,
            RequestJson = requestJson,
            SubmittedAt = new DateTimeOffset(submittedAt, TimeSpan.Zero),
            Assembled = status is null ? null : Deserialize(status),
            Segments = segments,
            Deliveries = ReadDeliveries(connection, id),
            ColumnCount = SegmentCombiner.IsNumeric(request.Combine) ? ReadColumnCount(connection, id) : 0,
        };
    }

    private static ImmutableArray<StoredSegment> ReadOpenSegments(SqliteConnection connection, long id)
    {
        const string Query = """
            SELECT s.round, s.begin, s."end", ifnull(length(s.content), 0), s.agent, a.name, s.fuel
            FROM segments s LEFT JOIN agents a ON a.id = s.agent
            WHERE s.job = @Id ORDER BY s.round, s.begin
            """;
        IEnumerable<(int Round, long Begin, long End, int InlineBytes, long Agent, string? Name, long Fuel)> rows =
            connection.Query<(int, long, long, int, long, string?, long)>(Query, new { Id = id });
        return
        [
            .. rows.Select(row => new StoredSegment(
                row.Round,
                new IndexRange(row.Begin, row.End),
                row.InlineBytes,
                new AgentId(unchecked((ulong)row.Agent)),
                row.Name ?? string.Empty,
                new Fuel(row.Fuel))),
        ];
    }

    private static int ReadColumnCount(SqliteConnection connection, long id)
    {
        const string Query = """
            SELECT round, begin, "end", content, checksum FROM segments
            WHERE job = @Id AND length(content) > 0
            """;
        JobId job = new(unchecked((ulong)id));
        foreach ((int round, long begin, long end, byte[] content, long? checksum) in
            connection.Query<(int, long, long, byte[], long?)>(Query, new { Id = id }, buffered: false))
        {
            // Of a row that the disk changed nothing is believed.
            IndexRange range = new(begin, end);
            if (checksum is null || checksum == RowChecksum.Of(job, round, range, SegmentContent.Of(content)))
            {
                return SegmentCheck.CountColumns(content);
            }
        }

        return 0;
    }

    private static ImmutableArray<DeliveryStatus> ReadDeliveries(SqliteConnection connection, long id) =>
    [
        .. connection
            .Query<(int State, string Detail)>(
                "SELECT state, detail FROM deliveries WHERE job = @Id ORDER BY number", new { Id = id })
            .Select(row => new DeliveryStatus(string.Empty, (DeliveryState)row.State, row.Detail)),
    ];

    private static JobStatus ReadStatus(SqliteConnection connection, JobId id, byte[] json)
    {
        JobStatus status = Deserialize(json);
        ImmutableArray<DeliveryStatus> stored = ReadDeliveries(connection, ToSql(id));
        return status with
        {
            Deliveries =
            [
                .. status.Deliveries.Zip(stored, (d, s) => d with { State = s.State, Detail = s.Detail }),
            ],
        };
    }

    private static JobStatus Deserialize(byte[] status) =>
        JsonSerializer.Deserialize(status, ModelJson.Default.JobStatus)
        ?? throw new StorageException("The status of a job cannot be read.", isTransient: false);

    private static JobRequest Deserialize(JobId id, byte[] request) =>
        JsonSerializer.Deserialize(request, ModelJson.Default.JobRequest)
        ?? throw new StorageException($"{id}: its request cannot be read.", isTransient: false);

    private static long ToSql(JobId id) => unchecked((long)id.Value);
}
