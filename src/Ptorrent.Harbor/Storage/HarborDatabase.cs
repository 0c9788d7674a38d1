using System.Globalization;
using System.Security.Cryptography;
using Dapper;
using Microsoft.Data.Sqlite;
using Ptorrent.Model.Identity;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.Storage;

/// <summary>The harbor's SQLite file: opening, its schema, and who the harbor is.</summary>
internal sealed class HarborDatabase : IDisposable
{
    private const string FileName = "harbor.db";

    // A writer and readers never block each other in WAL mode; this covers a checkpoint at the wrong moment.
    private const int BusySecondsMax = 5;

    private readonly string _connectionString;

    private HarborDatabase(string connectionString, HarborId id, LeaseEpoch epoch)
    {
        _connectionString = connectionString;
        Id = id;
        Epoch = epoch;
    }

    /// <summary>The harbor's id, made at its first start.</summary>
    public HarborId Id { get; }

    /// <summary>The fencing token of this life of the harbor: one more than in the last.</summary>
    public LeaseEpoch Epoch { get; }

    /// <summary>Opens or makes the database below <paramref name="home"/> and brings its schema up to date.</summary>
    /// <exception cref="StorageException">It cannot be read or written, or a newer version of ptorrent made
    /// it.</exception>
    public static HarborDatabase Open(string home)
    {
        string connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(home, FileName),
            Mode = SqliteOpenMode.ReadWriteCreate,
            DefaultTimeout = BusySecondsMax,
            Pooling = true,
        }.ToString();
        try
        {
            using SqliteConnection connection = Connect(connectionString);
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
            Migrate(connection);
            (HarborId id, LeaseEpoch epoch) = BeginLife(connection);
            return new HarborDatabase(connectionString, id, epoch);
        }
        catch (SqliteException exception)
        {
            throw new StorageException(
                $"The harbor's database in {home} could not be opened: {exception.Message}",
                isTransient: false,
                exception);
        }
    }

    /// <summary>A connection of the caller's own, open.</summary>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public SqliteConnection Connect() => Connect(_connectionString);

    /// <summary>The connection to write with; lets the database grow to a size, 0 is no limit.</summary>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public SqliteConnection ConnectToWrite(long sizeBytesMax)
    {
        SqliteConnection connection = Connect();

        // FULL syncs the log at every commit: what was acknowledged survives a power cut, not only a crash.
        connection.Execute("PRAGMA synchronous = FULL");
        if (sizeBytesMax > 0)
        {
            long pageBytes = connection.ExecuteScalar<long>("PRAGMA page_size");
            long pageCountMax = Math.Max(1, sizeBytesMax / pageBytes);
            connection.Execute(
                string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {pageCountMax}"));
        }

        return connection;
    }

    /// <summary>Closes the files once every connection is disposed of.</summary>
    public void Dispose()
    {
        using SqliteConnection connection = new(_connectionString);
        SqliteConnection.ClearPool(connection);
    }

    private static SqliteConnection Connect(string connectionString)
    {
        SqliteConnection connection = new(connectionString);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Migrate(SqliteConnection connection)
    {
        int version = connection.ExecuteScalar<int>("PRAGMA user_version");
        if (version > Migrations.All.Length)
        {
            throw new StorageException(
                $"The harbor's database has schema {version}, this version of ptorrent knows {Migrations.All.Length}; "
                + "use a newer ptorrent.",
                isTransient: false);
        }

        for (int step = version; step < Migrations.All.Length; step++)
        {
            using SqliteTransaction transaction = connection.BeginTransaction();
            connection.Execute(Migrations.All[step], transaction: transaction);
            connection.Execute(
                string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {step + 1}"),
                transaction: transaction);
            transaction.Commit();
        }
    }

    private static (HarborId Id, LeaseEpoch Epoch) BeginLife(SqliteConnection connection)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        Dictionary<string, string> meta = connection
            .Query<(string Key, string Value)>("SELECT key, value FROM meta", transaction: transaction)
            .ToDictionary(row => row.Key, row => row.Value, StringComparer.Ordinal);
        if (!meta.TryGetValue("harbor", out string? text) || !PrefixedId.TryParse(text, out HarborId id))
        {
            id = new HarborId(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1);
        }

        int epoch = meta.TryGetValue("epoch", out string? last) ? int.Parse(last, CultureInfo.InvariantCulture) + 1 : 1;
        const string Put = "INSERT INTO meta (key, value) VALUES (@Key, @Value) "
            + "ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        connection.Execute(
            Put,
            new[]
            {
                new { Key = "harbor", Value = id.ToString() },
                new { Key = "epoch", Value = epoch.ToString(CultureInfo.InvariantCulture) },
            },
            transaction);
        transaction.Commit();
        return (id, new LeaseEpoch(epoch));
    }
}
