using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Wasm;
using Ptorrent.Wasm.Inspection;

namespace Ptorrent.Cli.Jobs;

/// <summary>A program as a file: its bytes, and what they are.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Reference">What a job says of it.</param>
internal sealed record ProgramFile(string Path, ReadOnlyMemory<byte> Bytes, ProgramReference Reference)
{
    private const long SizeBytesMax = 1L << 30;

    private static readonly string[] ScriptExtensions = [".ts", ".mts", ".js", ".mjs"];

    /// <summary>Reads a program, finds out its kind and whether it can run at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What the user said it is; null: find out.</param>
    /// <exception cref="RefusedException">It is not there, is no program, or asks for what the sandbox does not offer.
    /// </exception>
    public static ProgramFile Load(string path, ProgramKind? kind)
    {
        FileInfo file = new(path);
        if (!file.Exists)
        {
            throw Refused(
                RefusalCode.NotFound,
                path,
                Directory.Exists(path) ? "it is a folder" : "there is no such file",
                string.Empty);
        }

        if (file.Length > SizeBytesMax)
        {
            throw Refused(RefusalCode.TooLarge, path, "a program has at most 1 GiB", string.Empty);
        }

        byte[] bytes = File.ReadAllBytes(path);
        ProgramKind found = KindOf(path, bytes, kind);
        return new ProgramFile(
            path, bytes, new ProgramReference(found, MerkleHasher.RootOf(bytes), bytes.Length, file.Name));
    }

    private static ProgramKind KindOf(string path, byte[] bytes, ProgramKind? said)
    {
        bool isModule = bytes.AsSpan().StartsWith("\0asm"u8);
        string extension = System.IO.Path.GetExtension(path).ToLowerInvariant();
        bool isScript = said == ProgramKind.Script
            || (said is null && !isModule && ScriptExtensions.Contains(extension));
        if (isScript)
        {
            return !isModule
                ? ProgramKind.Script
                : throw Refused(
                    RefusalCode.InvalidValue, path, "it is a WebAssembly module, no script", "Leave out --kind");
        }

        if (!isModule)
        {
            throw Refused(
                RefusalCode.MalformedModule,
                path,
                bytes.Length == 0 ? "the file is empty" : "it is no WebAssembly module, and its name is no script's",
                "Give a .wasm module, or a .ts, .js or .mjs script");
        }

        ProgramKind found = Inspect(path, bytes);
        return said is null || said == found
            ? found
            : throw Refused(
                RefusalCode.InvalidValue,
                path,
                $"it is a {Word(found)} by its exports, no {Word(said.Value)}",
                "Leave out --kind");
    }

    private static ProgramKind Inspect(string path, byte[] bytes)
    {
        try
        {
            return ProgramInspector.Inspect(bytes).Kind;
        }
        catch (WasmException error)
        {
            throw new RefusedException(error.Refusal with { Value = path }, error);
        }
    }

    private static string Word(ProgramKind kind) => kind.ToString().ToLowerInvariant();

    private static RefusedException Refused(RefusalCode code, string path, string rule, string remedy) =>
        new(new Refusal(code, "program", path, rule, remedy));
}
