using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ptorrent.Cli.Display;

namespace Ptorrent.Cli.CommandLine;

/// <summary>What every command works with.</summary>
/// <param name="Options">What was said for any command.</param>
/// <param name="Terminal">Where remarks go.</param>
/// <param name="Time">The clock.</param>
internal sealed record CommandContext(GlobalOptions Options, Terminal Terminal, TimeProvider Time)
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Writes a value as one JSON document.</summary>
    /// <param name="value">The value.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="toError">To standard error, because standard output carries results.</param>
    public static void WriteJson<T>(T value, JsonTypeInfo<T> type, bool toError = false)
    {
        using Stream output = toError ? Console.OpenStandardError() : Console.OpenStandardOutput();
        using (Utf8JsonWriter writer = new(output, Indented))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        output.WriteByte((byte)'\n');
    }
}
