using Microsoft.Data.Sqlite;
using Ptorrent.Harbor.State;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.Storage;

/// <summary>A connection with the statements of those reads that happen for every job and every page of a product,
/// prepared once. Not for several threads.</summary>
internal sealed class PreparedReads : IDisposable
{
    /// <summary>Bytes of content that one page of segments holds at most, beyond its first segment.</summary>
    private const int PageBytesMax = 1 << 20;

    private const long PageCountMax = 1024;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _findRequest;
    private readonly SqliteCommand _readSegments;

    /// <summary>Owns the connection from here on.</summary>
    public PreparedReads(SqliteConnection connection)
    {
        _connection = connection;
        _findRequest = connection.CreateCommand();
        _findRequest.CommandText = "SELECT request, checksum FROM jobs WHERE id = $job";
        Declare(_findRequest, "$job");
        _readSegments = connection.CreateCommand();
        _readSegments.CommandText = """
            SELECT begin, "end", size, content, digest, checksum FROM segments
            WHERE job = $job AND round = $round AND begin >= $begin AND begin < $end
            ORDER BY begin LIMIT $count
            """;
        Declare(_readSegments, "$job", "$round", "$begin", "$end", "$count");
    }

    /// <summary>The request of a job as it was stored; null if there is no such job.</summary>
    /// <exception cref="StorageException">The disk changed it.</exception>
    public byte[]? FindRequest(JobId job)
    {
        _findRequest.Parameters[0].Value = ToSql(job);
        using SqliteDataReader reader = _findRequest.ExecuteReader();
        if (!reader.Read())
        {
            return null;
        }

        byte[] request = (byte[])reader.GetValue(0);
        return IsDamaged(reader, 1, RowChecksum.Of(request))
            ? throw new StorageException($"{job}: its request is damaged in the database.", isTransient: false)
            : request;
    }

    /// <summary>Appends the next segments of a round: see <see cref="HarborReader.ReadSegments"/>.</summary>
    public void ReadSegments(JobId job, int round, long begin, long end, List<SegmentRow> rows)
    {
        SqliteParameterCollection parameters = _readSegments.Parameters;
        parameters[0].Value = ToSql(job);
        parameters[1].Value = (long)round;
        parameters[2].Value = begin;
        parameters[3].Value = end;
        parameters[4].Value = PageCountMax;
        using SqliteDataReader reader = _readSegments.ExecuteReader();
        int bytes = 0;
        while (bytes < PageBytesMax && reader.Read())
        {
            IndexRange range = new(reader.GetInt64(0), reader.GetInt64(1));
            SegmentContent content = reader.IsDBNull(4)
                ? SegmentContent.Of((byte[])reader.GetValue(3))
                : SegmentContent.Of(new Digest((byte[])reader.GetValue(4)), reader.GetInt64(2));
            if (IsDamaged(reader, 5, RowChecksum.Of(job, round, range, content)))
            {
                throw new StorageException(
                    $"{job}: the output of {range} is damaged in the database.", isTransient: false);
            }

            bytes += content.Inline.Length;
            rows.Add(new SegmentRow(range, content));
        }
    }

    public void Dispose()
    {
        _findRequest.Dispose();
        _readSegments.Dispose();
        _connection.Dispose();
    }

    private static bool IsDamaged(SqliteDataReader reader, int column, long checksum) =>
        !reader.IsDBNull(column) && reader.GetInt64(column) != checksum;

    private static void Declare(SqliteCommand command, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            SqliteParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }
    }

    private static long ToSql(JobId id) => unchecked((long)id.Value);
}
