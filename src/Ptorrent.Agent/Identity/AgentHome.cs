using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Ptorrent.Model.Identity;

namespace Ptorrent.Agent.Identity;

/// <summary>
/// An agent's folder, held by one agent at a time, and the identity in it. Owner-only: whoever has the identity can
/// pass for this device.
/// </summary>
internal sealed class AgentHome : IDisposable
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int IdentityBytesMax = 4096;

    private readonly FileStream _lock;

    private AgentHome(string folder, FileStream @lock, AgentId id)
    {
        Folder = folder;
        Id = id;
        _lock = @lock;
    }

    public string Folder { get; }

    public AgentId Id { get; }

    /// <summary>Takes the folder, and makes it and the identity where they are missing.</summary>
    /// <exception cref="AgentException">Another agent has it, the disk refuses, or the identity cannot be
    /// read.</exception>
    public static AgentHome Open(string folder)
    {
        string path = Path.GetFullPath(folder);
        FileStream? held = null;
        try
        {
            CreateOwnerFolder(path);
            held = Lock(path);
            AgentHome home = new(path, held, ReadOrMakeId(Path.Combine(path, "agent.json")));
            held = null;
            return home;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"The agent's folder '{path}' cannot be used: {exception.Message}", exception);
        }
        finally
        {
            held?.Dispose();
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>Makes a folder that only its owner can enter, where the system knows owners.</summary>
    public static void CreateOwnerFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            // A folder in the user's profile is his alone by inheritance.
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(
                path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static FileStream Lock(string folder)
    {
        try
        {
            return new FileStream(
                Path.Combine(folder, "agent.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new AgentException(
                $"Another agent uses the folder '{folder}'. Stop it, or give this one another folder.", exception);
        }
    }

    private static AgentId ReadOrMakeId(string path)
    {
        if (File.Exists(path))
        {
            return ReadId(path);
        }

        AgentId id;
        do
        {
            id = new AgentId(BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)));
        }
        while (id.Value == 0);

        string temporary = path + ".new";
        File.Delete(temporary);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerFile;
        }

        using (FileStream file = new(temporary, options))
        {
            using (Utf8JsonWriter writer = new(file))
            {
                writer.WriteStartObject();
                writer.WriteString("id", id.ToString());
                writer.WriteEndObject();
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path);
        return id;
    }

    private static AgentId ReadId(string path)
    {
        try
        {
            if (new FileInfo(path).Length <= IdentityBytesMax)
            {
                using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
                if (document.RootElement.ValueKind == JsonValueKind.Object
                    && document.RootElement.TryGetProperty("id", out JsonElement text)
                    && text.ValueKind == JsonValueKind.String
                    && PrefixedId.TryParse(text.GetString(), out AgentId id))
                {
                    return id;
                }
            }
        }
        catch (JsonException exception)
        {
            throw Unreadable(path, exception);
        }

        throw Unreadable(path, null);
    }

    private static AgentException Unreadable(string path, Exception? inner) => new(
        $"The file '{path}' does not hold an agent's identity. Put back a copy, or delete it to become a new agent.",
        inner);
}
