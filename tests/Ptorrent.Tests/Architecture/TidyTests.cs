using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Ptorrent.Tests.Architecture;

// Goal: the rules of CONTRIBUTING.md that no analyzer knows.
// Method: read every source file. A failure names the file and the rule; the remedy is to mend the file.
public sealed partial class TidyTests
{
    private const int LineColumnsMax = 120;
    private const int FileLinesMax = 600;
    private const int FunctionLinesMax = 70;

    private static readonly string[] Folders = ["src", "tests", "bench", "web", "samples"];

    private static readonly (string Path, string Text)[] Sources =
    [
        .. Folders
            .Select(f => RepositoryRoot.Combine(f))
            .Where(Directory.Exists)
            .SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories))
            .Where(f => Path.GetExtension(f) is ".cs" or ".ts" or ".mjs")
            .Select(f => (Path: Path.GetRelativePath(RepositoryRoot.Path, f), File: f))
            .Where(f => !MadeFolder().IsMatch(f.Path.Replace('\\', '/')))
            .Select(f => (f.Path, File.ReadAllText(f.File)))
            .OrderBy(f => f.Path, StringComparer.Ordinal),
    ];

    [Fact]
    public void Files_AreShort()
    {
        Assert.NotEmpty(Sources);
        AssertNone(Sources.Where(s => LineCount(s.Text) > FileLinesMax).Select(s => $"{s.Path}: {LineCount(s.Text)}"));
    }

    [Fact]
    public void Lines_AreShort() =>
        AssertNone(
            from source in Sources
            from line in source.Text.Split('\n').Index()
            where line.Item.TrimEnd('\r').Length > LineColumnsMax && !line.Item.Contains("://", StringComparison.Ordinal)
            select $"{source.Path}:{line.Index + 1} has {line.Item.Length} columns");

    [Fact]
    public void Functions_AreShort() =>
        AssertNone(
            from source in CSharp()
            from function in source.Root.DescendantNodes().OfType<BaseMethodDeclarationSyntax>()
            let lines = LinesOf(function)
            where lines > FunctionLinesMax
            select $"{source.Path}: {NameOf(function)} has {lines} lines");

    [Fact]
    public void Files_HoldOnePublicTypeWithTheFilesName() =>
        AssertNone(
            from source in CSharp()
            where source.Path.StartsWith("src", StringComparison.Ordinal)
            let types = source.Root.DescendantNodes()
                .OfType<BaseTypeDeclarationSyntax>()
                .Where(t => t.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax)
                .Where(t => t.Modifiers.Any(SyntaxKind.PublicKeyword))
                .Select(t => t.Identifier.ValueText)
                .ToArray()
            let file = Path.GetFileName(source.Path).Split('.')[0]
            where types.Length > 1 || (types.Length == 1 && types[0] != file)
            select $"{source.Path}: {string.Join(", ", types)}");

    [Fact]
    public void Namespaces_FollowFolders() =>
        AssertNone(
            from source in CSharp()
            where source.Path.StartsWith("src", StringComparison.Ordinal)
            let declared = source.Root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()
            where declared is not null
            let folder = Path.GetDirectoryName(source.Path)!.Replace('\\', '/')["src/".Length..].Replace('/', '.')
            where declared.Name.ToString() != folder
            select $"{source.Path}: {declared.Name} is not {folder}");

    [Fact]
    public void Sources_LeaveNothingForLater() =>
        AssertNone(
            from source in Sources
            where !source.Path.EndsWith("TidyTests.cs", StringComparison.Ordinal)
            from Match match in Unfinished().Matches(source.Text)
            select $"{source.Path}: {match.Value}");

    [Fact]
    public void Documents_LinkToFilesThatExist()
    {
        IEnumerable<string> documents = Directory.EnumerateFiles(RepositoryRoot.Path, "*.md")
            .Concat(Directory.EnumerateFiles(RepositoryRoot.Combine("docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(RepositoryRoot.Combine("samples"), "*.md"));
        AssertNone(
            from document in documents
            from Match link in MarkdownLink().Matches(File.ReadAllText(document))
            let target = link.Groups["target"].Value
            where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#')
            let path = Path.Combine(Path.GetDirectoryName(document)!, target.Split('#')[0])
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{Path.GetRelativePath(RepositoryRoot.Path, document)} links to {target}");
    }

    private static void AssertNone(IEnumerable<string> offences)
    {
        string[] found = [.. offences];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    private static int LineCount(string text) => text.AsSpan().Count('\n');

    private static IEnumerable<(string Path, SyntaxNode Root)> CSharp() =>
        Sources
            .Where(s => s.Path.EndsWith(".cs", StringComparison.Ordinal))
            .Select(s => (s.Path, CSharpSyntaxTree.ParseText(s.Text).GetRoot()));

    private static int LinesOf(BaseMethodDeclarationSyntax function)
    {
        FileLinePositionSpan span = function.SyntaxTree.GetLineSpan(
            function.Body?.Span ?? function.ExpressionBody?.Span ?? function.Span);
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    private static string NameOf(BaseMethodDeclarationSyntax function) => function switch
    {
        MethodDeclarationSyntax method => method.Identifier.ValueText,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.ValueText,
        _ => function.Kind().ToString(),
    };

    [GeneratedRegex(@"(^|/)(bin|obj|build|dist|node_modules)/")]
    private static partial Regex MadeFolder();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException|Skip = """)]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex MarkdownLink();
}
