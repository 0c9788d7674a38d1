using System.Collections.Immutable;
using System.Globalization;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Model.Refusals;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ptorrent.Cli.Jobs;

/// <summary>
/// Reads a job file: YAML, one mapping, the options' names as keys, and <c>program</c> and <c>arguments</c>. Every
/// complaint names line and column.
/// </summary>
internal static class JobFile
{
    private const int LengthBytesMax = 16 << 20;

    private static readonly ImmutableArray<JobField> Fields =
        [JobFields.Program, .. JobFields.Options, JobFields.Arguments];

    /// <summary>Reads a job file. Relative paths in it count from its own folder.</summary>
    /// <exception cref="RefusedException">It is no job file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static JobOptions Load(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.NotFound, "job", path, "there is no such file", string.Empty));
        }

        if (file.Length > LengthBytesMax)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.TooLarge, "job", path, "a job file has at most 16 MiB", string.Empty));
        }

        return RelativeTo(Path.GetDirectoryName(path) ?? string.Empty, Parse(File.ReadAllText(path), path));
    }

    /// <summary>Reads the text of a job file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">The file's name, for complaints.</param>
    /// <exception cref="RefusedException">It is no job file.</exception>
    public static JobOptions Parse(string text, string source)
    {
        YamlStream yaml = new();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException error)
        {
            throw At(source, error.Start, ReasonOf(error), string.Empty);
        }

        if (yaml.Documents.Count != 1 || yaml.Documents[0].RootNode is not YamlMappingNode root)
        {
            throw At(source, Mark.Empty, "a job file is one mapping, such as 'program: primes.wasm'", string.Empty);
        }

        JobOptions options = new();
        foreach ((YamlNode key, YamlNode value) in root.Children)
        {
            string name = (key as YamlScalarNode)?.Value ?? string.Empty;
            JobField field = Fields.FirstOrDefault(f => string.Equals(f.Name, name, StringComparison.Ordinal))
                ?? throw At(source, key.Start, $"'{name}' is no key of a job file", Suggestion(name));
            foreach (string item in ValuesOf(source, field, value))
            {
                try
                {
                    options = field.Set(options, item);
                }
                catch (RefusedException error)
                {
                    throw At(source, value.Start, error.Refusal.Message.TrimEnd('.'), string.Empty);
                }
            }
        }

        return options;
    }

    private static IEnumerable<string> ValuesOf(string source, JobField field, YamlNode node) =>
        (field.Shape, node) switch
    {
        (JobFieldShape.Pairs, YamlMappingNode map) => map.Children.Select(
            pair => TextOf(source, field, pair.Key) + "=" + TextOf(source, field, pair.Value)),
        (JobFieldShape.Pairs, _) => throw At(
            source, node.Start, $"'{field.Name}' is a mapping of keys and values", string.Empty),
        (JobFieldShape.Many, YamlSequenceNode list) => list.Children.Select(item => TextOf(source, field, item)),
        _ => [TextOf(source, field, node)],
    };

    private static string TextOf(string source, JobField field, YamlNode node) =>
        node is YamlScalarNode { Value: { } text }
            ? text
            : throw At(
                source,
                node.Start,
                field.Shape == JobFieldShape.One
                    ? $"'{field.Name}' is one value"
                    : $"'{field.Name}' holds plain values",
                string.Empty);

    private static JobOptions RelativeTo(string folder, JobOptions options)
    {
        string Rooted(string path) => path.Length == 0 ? path : Path.Combine(folder, path);

        return options with
        {
            Program = options.Program is { } program ? Rooted(program) : null,
            Lines = options.Lines is { } lines ? Rooted(lines) : null,
            Files = options.Files is { } files ? [.. files.Select(Rooted)] : null,
            Out = options.Out is { } output and not "-" ? Rooted(output) : options.Out,
        };
    }

    private static string Suggestion(string name) =>
        Suggestions.Nearest(name, Fields.Select(f => f.Name)) is { } nearest
            ? $"The nearest one is '{nearest}'"
            : $"The keys are {string.Join(", ", Fields.Select(f => f.Name))}";

    // The parser's own messages begin with the place, which is said once already.
    private static string ReasonOf(YamlException error)
    {
        string message = error.InnerException?.Message ?? error.Message;
        int place = message.LastIndexOf("): ", StringComparison.Ordinal);
        return (place >= 0 ? message[(place + 3)..] : message).TrimEnd('.');
    }

    private static RefusedException At(string source, in Mark mark, string rule, string remedy)
    {
        string place = mark.Line > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{source}:{mark.Line}:{mark.Column}")
            : source;
        return new RefusedException(new Refusal(RefusalCode.InvalidValue, place, string.Empty, rule, remedy));
    }
}
